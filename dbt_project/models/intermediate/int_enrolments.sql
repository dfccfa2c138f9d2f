-- Where every enrolment stands: what its last message led to, which transition that takes, and whether it has
-- ended. The journal says which step came last; rules say what follows. See
-- docs/decisions/0025-the-path-of-an-enrolment.md.
with

messages as (

    select * from {{ ref('int_campaign_messages') }}

),

journalled as (

    select * from {{ ref('stg_journal__enrolments') }}
    where {{ visible('enrolled_as_of') }}

),

campaigns as (

    select * from {{ ref('stg_rules__campaigns') }}

),

transitions as (

    select * from {{ ref('stg_rules__campaign_transitions') }}

),

steps as (

    select * from {{ ref('stg_rules__campaign_steps') }}

),

counts as (

    select
        contact_id,
        campaign,
        enrolment,
        min(messaged_at) as first_messaged_at,
        count(*) filter (where coalesce(outcome, '') <> 'refused') as messages,
        coalesce(sum(offer_cost) filter (where coalesce(outcome, '') <> 'refused'), 0) as spend_committed
    from messages
    group by contact_id, campaign, enrolment

),

enrolments as (

    select
        coalesce(counts.contact_id, journalled.contact_id) as contact_id,
        coalesce(counts.campaign, journalled.campaign) as campaign,
        coalesce(counts.enrolment, journalled.enrolment) as enrolment,
        coalesce(journalled.arm, 'treated') as arm,
        coalesce(journalled.enrolled_as_of, counts.first_messaged_at) as enrolled_at,
        journalled.closes_on as holdout_closes_on,
        coalesce(counts.messages, 0) as messages,
        coalesce(counts.spend_committed, 0) as spend_committed
    from counts
    full outer join journalled
        on
            counts.contact_id = journalled.contact_id
            and counts.campaign = journalled.campaign
            and counts.enrolment = journalled.enrolment

),

-- the last message, the transition that its reaction takes, and the step that this leads to
read_messages as (

    select
        enrolments.*,
        last_messages.batch_key,
        last_messages.step,
        last_messages.outcome,
        last_messages.messaged_at,
        last_messages.read_at,
        -- nobody reacts to what was not sent
        coalesce(last_messages.is_read, false)
        and coalesce(last_messages.outcome, '') <> 'refused' as is_read,
        case
            when last_messages.is_read and coalesce(last_messages.outcome, '') <> 'refused'
                then last_messages.reaction
        end as read_reaction,
        coalesce(campaigns.observation_days, {{ var('observation_days') }}) as observation_days,
        transitions.next_step,
        transitions.otherwise_step,
        transitions.otherwise_exit,
        case
            when
                not coalesce(last_messages.is_read, false)
                or coalesce(last_messages.outcome, '') = 'refused'
                then null
            when transitions.campaign is null then 'campaign_changed'
            when transitions.next_step is null then transitions.exit
            when enrolments.messages >= campaigns.max_messages then 'max_messages'
            when steps.step is null then 'campaign_changed'
            when sent_before.step is not null then 'already_sent'
            when
                transitions.otherwise_exit is not null
                and steps.budget is not null
                and {{ days_later('last_messages.read_at', var('otherwise_exit_days')) }} <= {{ as_of() }}
                then transitions.otherwise_exit
        end as taken_exit
    from enrolments
    left join messages as last_messages
        on
            enrolments.contact_id = last_messages.contact_id
            and enrolments.campaign = last_messages.campaign
            and enrolments.enrolment = last_messages.enrolment
            and last_messages.next_messaged_at is null
    left join campaigns on enrolments.campaign = campaigns.campaign
    left join transitions
        on
            last_messages.campaign = transitions.campaign
            and last_messages.step = transitions.step
            and last_messages.reaction = transitions.reaction
    left join steps
        on
            transitions.campaign = steps.campaign
            and transitions.next_step = steps.step
    -- a step is sent once an enrolment
    left join messages as sent_before
        on
            enrolments.contact_id = sent_before.contact_id
            and enrolments.campaign = sent_before.campaign
            and enrolments.enrolment = sent_before.enrolment
            and transitions.next_step = sent_before.step

),

-- the first sign from the person that came after the reading, or that belongs to an earlier message
comebacks as (

    select
        read_messages.contact_id,
        read_messages.campaign,
        read_messages.enrolment,
        min(greatest(acts.acted_at, read_messages.read_at)) as came_back_at
    from read_messages
    inner join {{ ref('int_campaign_acts') }} as acts
        on
            read_messages.contact_id = acts.contact_id
            and read_messages.messaged_at <= acts.acted_at
    where
        read_messages.is_read
        and (
            acts.acted_at >= read_messages.read_at
            or (acts.act = 'click' and acts.batch_key <> read_messages.batch_key)
        )
    group by read_messages.contact_id, read_messages.campaign, read_messages.enrolment

),

-- when it closes by itself: at the reading, after the observation window, or when the next message has waited
-- for as long as that window is
limits as (

    select
        read_messages.*,
        comebacks.came_back_at,
        read_messages.read_reaction in ('opened', 'no_reaction') as is_silent,
        case
            when read_messages.arm = 'holdout'
                then
                    cast(coalesce(
                        read_messages.holdout_closes_on,
                        {{ add_days('read_messages.enrolled_at', 'read_messages.observation_days') }}
                    ) as timestamp)
            when read_messages.step is null then read_messages.enrolled_at
            when read_messages.outcome = 'refused' then read_messages.messaged_at
            when not read_messages.is_read then null
            when read_messages.taken_exit is null
                then
                    cast({{ add_days(
                        'read_messages.read_at', 'read_messages.observation_days'
                    ) }} as timestamp)
            when read_messages.read_reaction in ('opened', 'no_reaction')
                then
                    greatest(
                        read_messages.read_at,
                        cast({{ add_days(
                            'read_messages.messaged_at', 'read_messages.observation_days'
                        ) }} as timestamp)
                    )
            else read_messages.read_at
        end as closes_at
    from read_messages
    left join comebacks
        on
            read_messages.contact_id = comebacks.contact_id
            and read_messages.campaign = comebacks.campaign
            and read_messages.enrolment = comebacks.enrolment

),

endings as (

    select
        *,
        coalesce(came_back_at < closes_at, false)
        and arm = 'treated'
        and coalesce(outcome, '') <> 'refused'
        and (is_silent or taken_exit is null) as has_come_back
    from limits

),

closings as (

    select
        *,
        case when has_come_back then came_back_at else closes_at end as ends_at
    from endings

),

refusals as (

    select
        contact_id,
        occurred_at,
        case event
            when 'complained' then 1
            when 'unsubscribed' then 2
            else 3
        end as precedence
    from {{ ref('stg_esp__events') }}
    where
        event in ('complained', 'unsubscribed', 'bounced_hard')
        and {{ visible('occurred_at') }}

),

-- what ends an enrolment at once, unless it had ended before
refused as (

    select
        closings.contact_id,
        closings.campaign,
        closings.enrolment,
        min(refusals.precedence) as precedence,
        min(refusals.occurred_at) as refused_at
    from closings
    inner join refusals
        on
            closings.contact_id = refusals.contact_id
            and closings.enrolled_at <= refusals.occurred_at
    where
        closings.arm = 'treated'
        and closings.step is not null
        and coalesce(refusals.occurred_at < closings.ends_at, true)
    group by closings.contact_id, closings.campaign, closings.enrolment

),

decided as (

    select
        closings.*,
        refused.refused_at,
        case refused.precedence
            when 1 then 'complained'
            when 2 then 'unsubscribed'
            when 3 then 'bounced_hard'
        end as refusal,
        cast(coalesce(refused.refused_at, closings.ends_at) as date) as ends_on
    from closings
    left join refused
        on
            closings.contact_id = refused.contact_id
            and closings.campaign = refused.campaign
            and closings.enrolment = refused.enrolment

)

select
    contact_id,
    campaign,
    enrolment,
    arm,
    enrolled_at,
    step,
    messaged_at,
    read_at,
    messages,
    spend_committed,
    coalesce(refusal, read_reaction) as reaction,
    case
        when refusal is not null then refusal
        when arm = 'holdout' and ends_on > {{ as_of_date() }} then null
        when arm = 'holdout' then 'holdout_over'
        when step is null then 'cancelled'
        when outcome = 'refused' then 'refused'
        when has_come_back then 'came_back'
        when taken_exit is not null then taken_exit
        when ends_on <= {{ as_of_date() }} then 'not_sent'
    end as exit,
    -- what follows, while nothing has ended it
    case
        when
            refusal is null
            and not has_come_back
            and taken_exit is null
            and is_read
            and ends_on > {{ as_of_date() }}
            then next_step
    end as next_step,
    otherwise_step,
    otherwise_exit,
    ends_on as closes_on,
    case when ends_on <= {{ as_of_date() }} then ends_on end as closed_on,
    coalesce(
        ends_on <= {{ as_of_date() }}
        and refusal is null
        and arm = 'treated'
        and is_silent
        and not has_come_back
        and coalesce(outcome, '') <> 'refused',
        false
    ) as ended_in_silence,
    coalesce(ends_on > {{ as_of_date() }}, true) as is_open
from decided
