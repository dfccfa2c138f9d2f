{{ config(materialized='view') }}

with

events as (

    select * from {{ ref('stg_esp__events') }}

),

contacts as (

    select * from {{ ref('stg_crm__contacts') }}

)

select
    events.contact_id,
    events.occurred_at as opened_at
from events
inner join contacts on events.contact_id = contacts.contact_id
where
    {{ is_human_open('events.event', 'events.actor') }}
    and contacts.tracking_consent
    and {{ visible('events.occurred_at') }}
