{{ config(materialized='view') }}

-- what ends all sending to a mailbox, whoever or whatever caused it
with

events as (

    select * from {{ ref('stg_esp__events') }}

),

settled as (

    select * from {{ ref('int_settled_events') }}

)

select
    contact_id,
    event,
    occurred_at
from events
where
    {{ is_refusal('event') }}
    and occurred_at >= {{ settled_until() }}
    and {{ visible('occurred_at') }}
union all
select
    contact_id,
    signal as event,
    last_at as occurred_at
from settled
where {{ is_refusal('signal') }}
