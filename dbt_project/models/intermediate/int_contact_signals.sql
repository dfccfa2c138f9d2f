-- how long each signal that counts for a contact's line and kind keeps them fresh, and from being lost
with

signals as (

    select * from {{ ref('int_signals') }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

thresholds as (

    select * from {{ ref('int_signal_thresholds') }}

)

select
    signals.contact_id,
    signals.signal,
    signals.last_at,
    signals.is_stand_in,
    thresholds.dormant_after_days,
    thresholds.lost_after_days,
    {{ add_days('signals.last_at', 'thresholds.dormant_after_days') }} as dormant_on,
    {{ add_days('signals.last_at', 'thresholds.lost_after_days') }} as lost_on,
    -- of two signals that reach equally far, the stronger one is named
    case signals.signal
        when 'purchase' then 1
        when 'login' then 2
        when 'click' then 3
        when 'open' then 4
        else 5
    end as signal_rank
from signals
inner join contacts on signals.contact_id = contacts.contact_id
inner join thresholds
    on
        contacts.business_line = thresholds.business_line
        and coalesce(contacts.contact_kind, '*') = thresholds.contact_kind
        and signals.signal = thresholds.signal
