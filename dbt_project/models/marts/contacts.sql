with

contacts as (

    select * from {{ ref('int_contacts') }}

),

identities as (

    select * from {{ ref('stg_crm__contacts') }}

)

select
    contacts.contact_id,
    {{ as_of() }} as as_of,
    identities.email,
    identities.first_name,
    identities.last_name,
    contacts.country,
    contacts.language,
    contacts.business_line,
    contacts.contact_kind,
    contacts.mailbox_id,
    contacts.provider,
    contacts.signed_up_at,
    contacts.marketing_consent,
    contacts.marketing_consent_at,
    contacts.tracking_consent,
    contacts.tracking_consent_at,
    contacts.hold_until,
    identities.hold_reason
from contacts
inner join identities on contacts.contact_id = identities.contact_id
