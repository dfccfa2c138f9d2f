{{ config(materialized='view') }}

-- opens by persons that are signals, from events_from on; an open of a campaign's own message is a reaction,
-- and no signal, as long as the contact's enrolment is open. Whether the contact consents to tracking is
-- asked once a contact, by the models that fold these.
with

events as (

    select * from {{ ref('stg_esp__events') }}
    where occurred_at >= {{ events_from() }}

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
left join open_enrolments
    on
        events.contact_id = open_enrolments.contact_id
        and events.batch_key = open_enrolments.batch_key
        and events.occurred_at >= open_enrolments.messaged_at
where
    {{ is_human_open('events.event', 'events.actor') }}
    and {{ visible('events.occurred_at') }}
    and open_enrolments.batch_key is null
