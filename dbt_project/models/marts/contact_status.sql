-- The two rules that depend on campaigns join here once enrolments are journalled: `returned` (before
-- silence is looked at) and `campaign` (before `threshold`).
with

contacts as (

    select * from {{ ref('int_contacts') }}

),

silence as (

    select
        *,
        silence as status,
        silence = 'lost' as is_lost
    from {{ ref('int_silence') }}

),

active_periods as (

    select
        contact_id,
        starts_on as active_since
    from {{ ref('int_active_periods') }}
    where next_starts_on is null

),

mailability as (

    select * from {{ ref('int_mailability') }}

),

decided as (

    select
        contact_id,
        status,
        dormant_on,
        lost_on,
        case when is_lost then last_signal else freshest_signal end as deciding_signal,
        case when is_lost then last_at else freshest_at end as deciding_signal_at,
        case when is_lost then lost_after_days else dormant_after_days end as threshold_days,
        case
            when has_no_signal then 'no_signal'
            when status = 'active' then 'fresh_signal'
            when status = 'lost' then 'threshold'
            else 'silent'
        end as rule,
        case
            when status = 'active' and lost_on > dormant_on then 'dormant'
            when status in ('active', 'dormant') then 'lost'
        end as next_status,
        case
            when status = 'active' then dormant_on
            when status = 'dormant' then lost_on
        end as next_status_on
    from silence

)

select
    contacts.contact_id,
    {{ as_of() }} as as_of,
    contacts.business_line,
    decided.status,
    case decided.status
        when 'active' then active_periods.active_since
        when 'dormant' then decided.dormant_on
        else decided.lost_on
    end as status_since,
    decided.deciding_signal,
    decided.deciding_signal_at,
    {{ days_between('decided.deciding_signal_at', as_of_date()) }} as days_since,
    decided.rule,
    decided.threshold_days,
    decided.next_status,
    decided.next_status_on,
    decided.status = 'active'
    and decided.next_status_on <= {{ add_days(as_of_date(), var('drifting_days')) }} as is_drifting,
    mailability.not_mailable_reason is null as is_mailable,
    mailability.not_mailable_reason
from contacts
inner join decided on contacts.contact_id = decided.contact_id
left join active_periods on contacts.contact_id = active_periods.contact_id
left join mailability on contacts.contact_id = mailability.contact_id
