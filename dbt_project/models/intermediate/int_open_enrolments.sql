{{ config(materialized='view') }}

-- the messages of enrolments that have not ended
with

enrolments as (

    select * from {{ ref('int_enrolments') }}
    where is_open

),

messages as (

    select * from {{ ref('int_campaign_messages') }}
    where coalesce(outcome, '') <> 'refused'

)

select
    enrolments.contact_id,
    enrolments.campaign,
    enrolments.enrolment,
    messages.step,
    messages.batch_key,
    messages.messaged_at
from enrolments
inner join messages
    on
        enrolments.contact_id = messages.contact_id
        and enrolments.campaign = messages.campaign
        and enrolments.enrolment = messages.enrolment
