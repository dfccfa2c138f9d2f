{{ config(materialized='view') }}

with

events as (

    select * from {{ ref('stg_esp__events') }}

)

select
    contact_id,
    occurred_at as clicked_at
from events
where
    {{ is_human_click('event', 'actor', 'url') }}
    and {{ visible('occurred_at') }}
