{{ config(materialized='view') }}

-- a view, so that a night does not pay for periods that ended years ago
with

-- whose status campaigns had a part in
campaign_statuses as (

    select * from {{ ref('int_campaign_statuses') }}

),

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

silences as (

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

),

statuses as (

    select
        silences.contact_id,
        silences.status,
        silences.valid_from,
        silences.valid_to
    from silences
    left join campaign_statuses on silences.contact_id = campaign_statuses.contact_id
    where campaign_statuses.contact_id is null
    union all
    select
        contact_id,
        status,
        valid_from,
        valid_to
    from campaign_statuses

)

select
    statuses.contact_id,
    statuses.status,
    statuses.valid_from,
    case when statuses.valid_to <= {{ as_of_date() }} then statuses.valid_to end as valid_to
from statuses
inner join contacts on statuses.contact_id = contacts.contact_id
where statuses.valid_from <= {{ as_of_date() }}
