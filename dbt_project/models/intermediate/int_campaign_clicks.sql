-- clicks of persons in the messages of campaigns, over the whole past: the path of an enrolment stays what it
-- was. A click on a link that the campaign's file maps to an answer is that answer.
with

events as (

    select * from {{ ref('stg_esp__events') }}
    where batch_key is not null

),

robot_clicks as (

    select * from {{ ref('int_robot_clicks') }}

),

batches as (

    select * from {{ ref('stg_journal__batches') }}

),

answers as (

    select * from {{ ref('stg_rules__campaign_answers') }}

)

select
    events.contact_id,
    events.batch_key,
    events.occurred_at as clicked_at,
    answers.url is not null as is_answer,
    answers.frequency,
    answers.relevance
from events
left join batches on events.batch_key = batches.batch_key
left join answers
    on
        batches.campaign = answers.campaign
        and events.url = answers.url
left join robot_clicks
    on
        events.esp = robot_clicks.esp
        and events.event_id = robot_clicks.event_id
where
    {{ is_human_click('events.event', 'events.actor', 'events.url') }}
    and {{ visible('events.occurred_at') }}
    and robot_clicks.event_id is null
