-- unbroken periods in which at least one signal that counts was fresh: a signal covers its day and the days
-- after it until its line's dormant_after_days are over. Those that nothing to come can change stay in
-- int_settled_periods.
with

stretches as (

    select
        contact_id,
        signal,
        cast(first_at as date) as first_on,
        cast(last_at as date) as last_on
    from {{ ref('int_recent_signals') }}
    union all
    select
        contact_id,
        signal,
        cast(last_at as date) as first_on,
        cast(last_at as date) as last_on
    from {{ ref('int_contact_signals') }}
    where
        signal = 'sign_up'
        and last_at >= {{ settled_until() }}

),

covers as (

    select
        stretches.contact_id,
        stretches.first_on as starts_on,
        {{ add_days('stretches.last_on', 'signals.dormant_after_days') }} as ends_on,
        {{ add_days('stretches.last_on', 'signals.lost_after_days') }} as lost_on
    from stretches
    inner join {{ ref('int_contact_signals') }} as signals
        on
            stretches.contact_id = signals.contact_id
            and stretches.signal = signals.signal
    union all
    select
        contact_id,
        starts_on,
        ends_on,
        lost_on
    from {{ ref('int_settled_periods') }}
    where next_starts_on is null

),
{{ periods_from('covers') }}

select * from periods
