{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='night',
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}

-- one row a night, kept: whether the declared periods were held. Counts only: there is nobody to delete here.
with

due as (

    select
        cast(count(*) as bigint) as due,
        cast(coalesce(sum(case when days_overdue > 0 then 1 else 0 end), 0) as bigint) as overdue,
        cast(coalesce(max(days_overdue), 0) as integer) as most_days_overdue
    from {{ ref('erasure_due') }}

),

still_there as (

    select cast(coalesce(sum(contacts), 0) as bigint) as not_erased_at_source
    from {{ ref('stg_journal__load_refusals') }}
    where
        table_name = 'crm_contacts'
        and loaded_as_of = {{ as_of() }}

)

select
    {{ as_of() }} as night,
    due.due,
    due.overdue,
    due.most_days_overdue,
    still_there.not_erased_at_source
from due
cross join still_there
