{{ config(materialized='view') }}

-- contacts in a campaign that has not ended for them: until the observation window after its message is over
with

batch_contacts as (

    select * from {{ ref('stg_journal__batch_contacts') }}

)

select
    contact_id,
    campaign,
    enrolment,
    step,
    batch_key,
    planned_as_of as messaged_at,
    {{ add_days('planned_as_of', var('observation_days')) }} as open_until
from batch_contacts
where
    coalesce(outcome, '') not in ('cancelled', 'refused')
    and {{ visible('planned_as_of') }}
    and {{ add_days('planned_as_of', var('observation_days')) }} > {{ as_of_date() }}
