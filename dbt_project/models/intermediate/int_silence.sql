-- per contact: until when the signals that count cover them, and which of them reaches furthest
with

signals as (

    select
        *,
        -- of two that reach equally far, the one with the lower rank
        10 * {{ days_between("cast('1970-01-01' as date)", 'dormant_on') }} - signal_rank as dormant_order,
        10 * {{ days_between("cast('1970-01-01' as date)", 'lost_on') }} - signal_rank as lost_order
    from {{ ref('int_contact_signals') }}

),

reaches as (

    select
        contact_id,
        max(dormant_on) as dormant_on,
        max(lost_on) as lost_on,
        max(case when is_stand_in then 1 else 0 end) = 1 as has_no_signal,
        max_by(signal, dormant_order) as freshest_signal,
        max_by(last_at, dormant_order) as freshest_at,
        max_by(dormant_after_days, dormant_order) as dormant_after_days,
        max_by(signal, lost_order) as last_signal,
        max_by(last_at, lost_order) as last_at,
        max_by(lost_after_days, lost_order) as lost_after_days
    from signals
    group by contact_id

)

select
    *,
    case
        when dormant_on > {{ as_of_date() }} then 'active'
        when lost_on <= {{ as_of_date() }} then 'lost'
        else 'dormant'
    end as silence
from reaches
