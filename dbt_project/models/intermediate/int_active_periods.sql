-- unbroken periods in which at least one signal that counts was fresh: a signal covers its day and the days
-- after it until its line's dormant_after_days are over
with

signal_days as (

    select
        contact_id,
        'purchase' as signal,
        ordered_on as signal_on
    from {{ ref('int_orders') }}
    where is_purchase
    union all
    select
        contact_id,
        'login' as signal,
        cast(logged_in_at as date) as signal_on
    from {{ ref('int_logins') }}
    union all
    select
        contact_id,
        'click' as signal,
        cast(clicked_at as date) as signal_on
    from {{ ref('int_human_clicks') }}
    union all
    select
        contact_id,
        'open' as signal,
        cast(opened_at as date) as signal_on
    from {{ ref('int_human_opens') }}
    union all
    select
        contact_id,
        signal,
        cast(last_at as date) as signal_on
    from {{ ref('int_contact_signals') }}
    where signal = 'sign_up'

),

covers as (

    select distinct
        signal_days.contact_id,
        signal_days.signal_on as starts_on,
        {{ add_days('signal_days.signal_on', 'signals.dormant_after_days') }} as ends_on
    from signal_days
    inner join {{ ref('int_contact_signals') }} as signals
        on
            signal_days.contact_id = signals.contact_id
            and signal_days.signal = signals.signal

),

reaches as (

    select
        *,
        max(ends_on) over (
            partition by contact_id
            order by starts_on, ends_on
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from covers

),

numbered as (

    select
        *,
        sum(case when covered_until is null or starts_on > covered_until then 1 else 0 end) over (
            partition by contact_id
            order by starts_on, ends_on
            rows between unbounded preceding and current row
        ) as period_number
    from reaches

)

select
    contact_id,
    period_number,
    min(starts_on) as starts_on,
    max(ends_on) as ends_on
from numbered
group by contact_id, period_number
