{{ config(materialized='view') }}

-- a view, so that a night does not pay for periods that ended years ago
with

periods as (

    select
        contact_id,
        starts_on,
        ends_on,
        lost_on,
        next_starts_on
    from {{ ref('int_settled_periods') }}
    -- the last one goes on in int_active_periods
    where next_starts_on is not null
    union all
    select
        contact_id,
        starts_on,
        ends_on,
        lost_on,
        next_starts_on
    from {{ ref('int_active_periods') }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

statuses as (

    select
        contact_id,
        'active' as status,
        starts_on as valid_from,
        ends_on as valid_to
    from periods
    union all
    select
        contact_id,
        'dormant' as status,
        ends_on as valid_from,
        least(lost_on, coalesce(next_starts_on, lost_on)) as valid_to
    from periods
    where lost_on > ends_on
    union all
    select
        contact_id,
        'lost' as status,
        lost_on as valid_from,
        next_starts_on as valid_to
    from periods
    where coalesce(next_starts_on > lost_on, true)

)

select
    statuses.contact_id,
    statuses.status,
    statuses.valid_from,
    case when statuses.valid_to <= {{ as_of_date() }} then statuses.valid_to end as valid_to
from statuses
inner join contacts on statuses.contact_id = contacts.contact_id
where statuses.valid_from <= {{ as_of_date() }}
