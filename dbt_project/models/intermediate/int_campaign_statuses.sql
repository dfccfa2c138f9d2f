-- The status over time of contacts who were in a campaign, where silence alone does not decide: who came
-- back is active for grace_days, nobody is lost while enrolled, and who let a campaign end in silence is lost
-- from then on, until active again or enrolled anew.
with

enrolments as (

    select
        contact_id,
        arm,
        enrolled_at,
        cast(enrolled_at as date) as enrolled_on,
        closed_on,
        closes_on,
        ended_in_silence,
        row_number() over (
            partition by contact_id order by enrolled_at, campaign, enrolment
        ) as enrolment_number
    from {{ ref('int_enrolments') }}

),

enrolled as (

    select
        contact_id,
        max(enrolment_number) as last_number
    from enrolments
    group by contact_id

),

returns as (

    select distinct
        enrolments.contact_id,
        cast(acts.acted_at as date) as starts_on
    from enrolments
    inner join {{ ref('int_campaign_acts') }} as acts
        on
            enrolments.contact_id = acts.contact_id
            and enrolments.enrolled_at <= acts.acted_at
    where
        enrolments.arm = 'treated'
        and cast(acts.acted_at as date) <= coalesce(enrolments.closed_on, {{ as_of_date() }})

),

covers as (

    select
        periods.contact_id,
        periods.starts_on,
        periods.ends_on,
        periods.lost_on
    from {{ ref('int_settled_periods') }} as periods
    inner join enrolled on periods.contact_id = enrolled.contact_id
    -- the last one goes on in int_active_periods
    where periods.next_starts_on is not null
    union all
    select
        periods.contact_id,
        periods.starts_on,
        periods.ends_on,
        periods.lost_on
    from {{ ref('int_active_periods') }} as periods
    inner join enrolled on periods.contact_id = enrolled.contact_id
    union all
    select
        contact_id,
        starts_on,
        {{ add_days('starts_on', var('grace_days')) }} as ends_on,
        {{ add_days('starts_on', var('grace_days')) }} as lost_on
    from returns

),
{{ periods_from('covers') }},

-- the days on which something can change
days as (

    select
        contact_id,
        starts_on as day,
        starts_on,
        ends_on,
        lost_on,
        cast(null as bigint) as enrolment_number
    from periods
    union all
    select
        contact_id,
        ends_on as day,
        cast(null as date) as starts_on,
        cast(null as date) as ends_on,
        cast(null as date) as lost_on,
        cast(null as bigint) as enrolment_number
    from periods
    union all
    select
        contact_id,
        lost_on as day,
        cast(null as date) as starts_on,
        cast(null as date) as ends_on,
        cast(null as date) as lost_on,
        cast(null as bigint) as enrolment_number
    from periods
    union all
    select
        contact_id,
        enrolled_on as day,
        cast(null as date) as starts_on,
        cast(null as date) as ends_on,
        cast(null as date) as lost_on,
        enrolment_number
    from enrolments
    union all
    select
        contact_id,
        closed_on as day,
        cast(null as date) as starts_on,
        cast(null as date) as ends_on,
        cast(null as date) as lost_on,
        cast(null as bigint) as enrolment_number
    from enrolments
    where closed_on is not null

),

-- the period and the enrolment that each day finds
known as (

    select distinct
        contact_id,
        day,
        max(starts_on) over (partition by contact_id order by day) as active_since,
        max(ends_on) over (partition by contact_id order by day) as active_until,
        max(lost_on) over (partition by contact_id order by day) as lost_on,
        max(enrolment_number) over (partition by contact_id order by day) as enrolment_number
    from days
    where day <= {{ as_of_date() }}

),

last_signals as (

    select
        contact_id,
        max(last_at) as last_at
    from {{ ref('int_contact_signals') }}
    group by contact_id

),

judged as (

    select
        known.contact_id,
        known.day,
        known.active_until,
        known.active_until > known.day as is_active,
        coalesce(
            enrolments.closed_on is null and enrolments.enrolled_on is not null
            or enrolments.closed_on > known.day,
            false
        ) as is_enrolled,
        known.lost_on <= known.day as is_too_old,
        coalesce(
            enrolments.ended_in_silence
            and enrolments.closed_on <= known.day
            and known.active_since <= enrolments.enrolled_on
            -- a signal within the period that the enrolment began in; one after it would have begun another
            and not (
                known.enrolment_number = enrolled.last_number
                and last_signals.last_at >= enrolments.enrolled_at
                and last_periods.starts_on <= enrolments.enrolled_on
            ),
            false
        ) as was_silent,
        case when enrolments.closed_on is null then enrolments.closes_on end as closes_on
    from known
    inner join enrolled on known.contact_id = enrolled.contact_id
    left join enrolments
        on
            known.contact_id = enrolments.contact_id
            and known.enrolment_number = enrolments.enrolment_number
    left join last_signals on known.contact_id = last_signals.contact_id
    left join periods as last_periods
        on
            known.contact_id = last_periods.contact_id
            and last_periods.next_starts_on is null
    where known.active_since is not null

),

statuses as (

    select
        *,
        case
            when is_active then 'active'
            when is_enrolled then 'dormant'
            when is_too_old or was_silent then 'lost'
            else 'dormant'
        end as status
    from judged

),

changes as (

    select
        *,
        lag(status) over (partition by contact_id order by day) as status_before
    from statuses

)

select
    contact_id,
    status,
    day as valid_from,
    lead(day) over (partition by contact_id order by day) as valid_to,
    active_until,
    was_silent and status = 'lost' as is_by_campaign
from changes
where status_before is null or status_before <> status
