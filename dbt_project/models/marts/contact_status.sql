with

contacts as (

    select * from {{ ref('int_contacts') }}

),

silence as (

    select * from {{ ref('int_silence') }}

),

active_periods as (

    select
        contact_id,
        starts_on as active_since
    from {{ ref('int_active_periods') }}
    where next_starts_on is null

),

-- of contacts who were in a campaign
campaign_statuses as (

    select * from {{ ref('int_campaign_statuses') }}
    where valid_to is null

),

open_enrolments as (

    select
        contact_id,
        max(case when exit is not null then closes_on end) as closes_on
    from {{ ref('int_enrolments') }}
    where is_open
    group by contact_id

),

mailability as (

    select * from {{ ref('int_mailability') }}

),

judged as (

    select
        silence.*,
        coalesce(campaign_statuses.status, silence.silence) as status,
        coalesce(campaign_statuses.is_by_campaign, false) as is_by_campaign,
        campaign_statuses.valid_from as campaign_status_since,
        greatest(
            silence.dormant_on, coalesce(campaign_statuses.active_until, silence.dormant_on)
        ) as active_until,
        open_enrolments.contact_id is not null as is_enrolled,
        open_enrolments.closes_on
    from silence
    left join campaign_statuses on silence.contact_id = campaign_statuses.contact_id
    left join open_enrolments on silence.contact_id = open_enrolments.contact_id

),

decided as (

    select
        contact_id,
        status,
        dormant_on,
        lost_on,
        campaign_status_since,
        case when status = 'lost' then last_signal else freshest_signal end as deciding_signal,
        case when status = 'lost' then last_at else freshest_at end as deciding_signal_at,
        case
            when status = 'active' and silence <> 'active' then {{ var('grace_days') }}
            when status = 'lost' then lost_after_days
            else dormant_after_days
        end as threshold_days,
        case
            when status = 'active' and silence <> 'active' then 'returned'
            when is_by_campaign then 'campaign'
            when has_no_signal then 'no_signal'
            when status = 'active' then 'fresh_signal'
            when status = 'lost' then 'threshold'
            else 'silent'
        end as rule,
        case
            when status = 'active' and (lost_on > active_until or is_enrolled) then 'dormant'
            when status in ('active', 'dormant') then 'lost'
        end as next_status,
        case
            when status = 'active' then active_until
            when status = 'dormant' and closes_on is not null then closes_on
            when status = 'dormant' and is_enrolled then greatest(lost_on, {{ add_days(as_of_date(), 1) }})
            when status = 'dormant' then lost_on
        end as next_status_on
    from judged

)

select
    contacts.contact_id,
    {{ as_of() }} as as_of,
    contacts.business_line,
    decided.status,
    case
        when decided.campaign_status_since is not null then decided.campaign_status_since
        when decided.status = 'active' then active_periods.active_since
        when decided.status = 'dormant' then decided.dormant_on
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
