{{ config(materialized='view') }}

-- from events_from on: what is older is in int_settled_events
with

events as (

    select * from {{ ref('stg_esp__events') }}
    where occurred_at >= {{ events_from() }}

),

robot_clicks as (

    select * from {{ ref('int_robot_clicks') }}

)

select
    events.contact_id,
    events.occurred_at as clicked_at
from events
left join robot_clicks
    on
        events.esp = robot_clicks.esp
        and events.event_id = robot_clicks.event_id
where
    {{ is_human_click('events.event', 'events.actor', 'events.url') }}
    and {{ visible('events.occurred_at') }}
    and robot_clicks.event_id is null
