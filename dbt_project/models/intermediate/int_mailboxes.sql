{{ config(materialized='view') }}

-- an address stands for a mailbox; its key is that of the contact with the lowest id, so no hash of an
-- address is ever stored
with

contacts as (

    select * from {{ ref('stg_crm__contacts') }}
    where email is not null

),

mailboxes as (

    select
        email,
        concat('m', min(contact_id)) as mailbox_id,
        lower(split_part(email, '@', 2)) as domain
    from contacts
    group by email

)

select
    contacts.contact_id,
    mailboxes.mailbox_id,
    mailboxes.domain
from contacts
inner join mailboxes on contacts.email = mailboxes.email
