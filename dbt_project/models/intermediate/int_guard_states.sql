{{ config(materialized='view') }}

-- what was last said about each mailbox provider, by a person or by a rate at its limit: a word holds at
-- once, also for the night that it was said in
with

changes as (

    select
        provider,
        change,
        why,
        is_automatic,
        cast(coalesce(changed_as_of, recorded_at) as date) as changed_on,
        row_number() over (
            partition by provider
            order by coalesce(changed_as_of, recorded_at) desc, recorded_at desc
        ) as newest
    from {{ ref('stg_journal__guard_changes') }}
    where coalesce(changed_as_of, recorded_at) <= {{ as_of() }}

)

select
    provider,
    change,
    why,
    is_automatic,
    changed_on
from changes
where newest = 1
