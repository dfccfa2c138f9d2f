{{ config(materialized='view') }}

-- requests by contact id or by address; the rows of an erased contact are gone, so each one here is open
with

requests as (

    select * from {{ ref('stg_crm__erasure_requests') }}
    where {{ visible('requested_at') }}

),

contacts as (

    select * from {{ ref('stg_crm__contacts') }}

),

matches as (

    select
        contact_id,
        requested_at
    from requests
    where contact_id is not null
    union all
    select
        contacts.contact_id,
        requests.requested_at
    from requests
    inner join contacts on requests.email = contacts.email

)

select
    contact_id,
    min(requested_at) as requested_at
from matches
group by contact_id
