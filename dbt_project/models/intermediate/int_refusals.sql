{{ config(materialized='view') }}

-- what ends all sending to a mailbox, whoever or whatever caused it
with

events as (

    select * from {{ ref('stg_esp__events') }}

)

select
    contact_id,
    event,
    occurred_at
from events
where
    event in ('unsubscribed', 'complained', 'bounced_hard')
    and {{ visible('occurred_at') }}
