-- for each mailbox provider, day and limit: the messages of the limit's window and what became of them. The
-- window is the days before the day; for the day of the instant, also what of it has been seen.
with

limits as (

    select * from {{ ref('deliverability_limits') }}

),

activity as (

    select * from {{ ref('int_daily_sends') }}

),

days as (

    select distinct day from activity
    where day > {{ add_days(as_of_date(), '-' ~ var('deliverability_days')) }}
    union
    select {{ as_of_date() }} as day

),

providers as (

    select distinct provider from {{ ref('provider_groups') }}
    union
    select 'other' as provider
    union
    select provider from activity

),

-- a lift holds until new messages exceed a limit again: what was sent before it is not judged any more
lifts as (

    select
        provider,
        changed_on
    from {{ ref('int_guard_states') }}
    where change = 'lift'

),

spans as (

    select
        providers.provider,
        days.day,
        limits.limit_name,
        limits.warn_at,
        limits.halt_at,
        limits.min_messages,
        limits.window_days,
        limits.baseline_days,
        {{ add_days('days.day', '-limits.window_days') }} as first_day,
        {{ add_days('days.day', '-limits.window_days - coalesce(limits.baseline_days, 0)') }}
            as first_baseline_day,
        lifts.changed_on as lifted_on
    from providers
    cross join days
    cross join limits
    left join lifts
        on
            providers.provider = lifts.provider
            and days.day >= lifts.changed_on

),

joined as (

    select
        spans.*,
        activity.day >= coalesce(greatest(spans.first_day, spans.lifted_on), spans.first_day) as is_in_window,
        activity.day < spans.first_day as is_in_baseline,
        activity.sent,
        activity.delivered,
        activity.derived,
        activity.reactivation_delivered,
        activity.hard_bounces,
        activity.soft_bounces,
        activity.unsubscribes,
        activity.complaints,
        activity.reactivation_complaints,
        activity.opens
    from spans
    left join activity
        on
            spans.provider = activity.provider
            and spans.first_baseline_day <= activity.day
            and (spans.day > activity.day or spans.day = {{ as_of_date() }})

)

select
    provider,
    day,
    limit_name,
    warn_at,
    halt_at,
    min_messages,
    window_days,
    first_day,
    baseline_days,
    lifted_on
    {%- for measure in [
        'sent', 'delivered', 'derived', 'reactivation_delivered', 'hard_bounces', 'soft_bounces', 'unsubscribes',
        'complaints', 'reactivation_complaints', 'opens'
    ] %},
    coalesce(sum(case when is_in_window then {{ measure }} end), 0) as {{ measure }}
    {%- endfor %},
    sum(case when is_in_baseline then opens end) as baseline_opens,
    sum(case when is_in_baseline then delivered end) as baseline_delivered
from joined
group by
    provider,
    day,
    limit_name,
    warn_at,
    halt_at,
    min_messages,
    window_days,
    first_day,
    baseline_days,
    lifted_on
