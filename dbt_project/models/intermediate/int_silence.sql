-- per contact: until when the signals that count cover them, and which of them reaches furthest
with

signals as (

    select
        *,
        row_number() over (
            partition by contact_id order by dormant_on desc, signal_rank asc
        ) as dormant_order,
        row_number() over (
            partition by contact_id order by lost_on desc, signal_rank asc
        ) as lost_order
    from {{ ref('int_contact_signals') }}

),

reaches as (

    select
        contact_id,
        max(dormant_on) as dormant_on,
        max(lost_on) as lost_on,
        max(case when is_stand_in then 1 else 0 end) = 1 as has_no_signal,
        max(case when dormant_order = 1 then signal end) as freshest_signal,
        max(case when dormant_order = 1 then last_at end) as freshest_at,
        max(case when dormant_order = 1 then dormant_after_days end) as dormant_after_days,
        max(case when lost_order = 1 then signal end) as last_signal,
        max(case when lost_order = 1 then last_at end) as last_at,
        max(case when lost_order = 1 then lost_after_days end) as lost_after_days
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
