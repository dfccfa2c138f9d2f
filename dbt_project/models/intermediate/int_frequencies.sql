{{ config(materialized='view') }}

-- how often a contact last asked to be written to
with

preferences as (

    select
        contact_id,
        frequency,
        row_number() over (partition by contact_id order by set_at desc) as newest
    from {{ ref('stg_crm__preferences') }}
    where
        frequency is not null
        and {{ visible('set_at') }}

)

select
    contact_id,
    frequency
from preferences
where newest = 1
