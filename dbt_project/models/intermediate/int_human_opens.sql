{{ config(materialized='view') }}

-- opens that count as a signal, from events_from on; an open of a campaign's own message is a reaction,
-- and no signal, as long as the contact's enrolment is open
with

events as (

    select * from {{ ref('stg_esp__events') }}
    where occurred_at >= {{ events_from() }}

),

contacts as (

    select * from {{ ref('stg_crm__contacts') }}

),

open_enrolments as (

    select
        contact_id,
        batch_key,
        min(messaged_at) as messaged_at
    from {{ ref('int_open_enrolments') }}
    group by contact_id, batch_key

)

select
    events.contact_id,
    events.occurred_at as opened_at
from events
inner join contacts on events.contact_id = contacts.contact_id
left join open_enrolments
    on
        events.contact_id = open_enrolments.contact_id
        and events.batch_key = open_enrolments.batch_key
        and events.occurred_at >= open_enrolments.messaged_at
where
    {{ is_human_open('events.event', 'events.actor') }}
    and contacts.tracking_consent
    and {{ visible('events.occurred_at') }}
    and open_enrolments.batch_key is null
