-- Whom a campaign could write to tonight, before any number is limited: who is enrolled and has a step ahead,
-- and who may enrol, each with the first reason that holds them back whatever the night's numbers are.
with

campaigns as (

    select
        *,
        case audience
            when 'goodbye' then 1
            when 'dormant' then 2
            else 3
        end as campaign_rank
    from {{ ref('stg_rules__campaigns') }}

),

enrolments as (

    select * from {{ ref('int_enrolments') }}

),

passages as (

    select
        contact_id,
        campaign,
        max(enrolment) as last_enrolment,
        max(enrolled_at) as last_enrolled_at,
        max(closed_on) as last_closed_on
    from enrolments
    group by contact_id, campaign

),

last_active as (

    select
        contact_id,
        max(coalesce(valid_to, {{ add_days(as_of_date(), 1) }})) as active_until
    from {{ ref('int_campaign_statuses') }}
    where status = 'active'
    group by contact_id

),

-- messages since the contact was last active, the goodbye apart
episodes as (

    select
        messages.contact_id,
        count(*) as messages
    from {{ ref('int_campaign_messages') }} as messages
    left join campaigns on messages.campaign = campaigns.campaign
    left join last_active on messages.contact_id = last_active.contact_id
    where
        coalesce(messages.outcome, '') <> 'refused'
        and coalesce(campaigns.audience, '') <> 'goodbye'
        and coalesce(cast(messages.messaged_at as date) >= last_active.active_until, true)
    group by messages.contact_id

),

people as (

    select
        statuses.contact_id,
        statuses.status,
        statuses.status_since,
        statuses.is_drifting,
        statuses.is_mailable,
        statuses.not_mailable_reason,
        least(clocks.due_on, coalesce(dues.due_on, clocks.due_on)) as due_on,
        -- the goodbye is also the warning without which the account's own period erases nobody
        least(clocks.due_on, coalesce(clocks.account_ends_on, clocks.due_on)) as ends_on,
        clocks.last_contact_at
    from {{ ref('contact_status') }} as statuses
    inner join {{ ref('retention_clock') }} as clocks on statuses.contact_id = clocks.contact_id
    left join {{ ref('erasure_due') }} as dues on statuses.contact_id = dues.contact_id

),

open_enrolments as (

    select * from enrolments
    where is_open

),

follow_ups as (

    select
        open_enrolments.contact_id,
        open_enrolments.campaign,
        open_enrolments.enrolment,
        false as is_enrolment,
        open_enrolments.next_step as step,
        open_enrolments.otherwise_step,
        open_enrolments.otherwise_exit,
        open_enrolments.reaction,
        concat(
            open_enrolments.step, ' of ', cast(cast(open_enrolments.messaged_at as date) as string),
            case open_enrolments.reaction
                when 'purchased' then ' was followed by a purchase'
                when 'answered' then ' was answered'
                when 'clicked' then ' was clicked'
                when 'opened' then ' was opened and not clicked'
                else concat(
                    ' got no reaction until ', cast(cast(open_enrolments.read_at as date) as string)
                )
            end,
            ': on ', open_enrolments.reaction, ', ', open_enrolments.step,
            ' leads to ', open_enrolments.next_step
        ) as reason,
        case
            when not coalesce(campaigns.is_enabled, false) then 'campaign_disabled'
            when not people.is_mailable then people.not_mailable_reason
            when people.due_on <= {{ add_days(as_of_date(), var('ahead_days')) }} then 'erasure_due'
            when
                campaigns.audience <> 'goodbye'
                and episodes.messages >= {{ var('max_messages_per_episode') }}
                then 'max_messages_per_episode'
        end as held_back
    from open_enrolments
    inner join people on open_enrolments.contact_id = people.contact_id
    left join campaigns on open_enrolments.campaign = campaigns.campaign
    left join episodes on open_enrolments.contact_id = episodes.contact_id
    where open_enrolments.next_step is not null

),

-- the narrower audience goes first where several campaigns would take a contact: nobody is in two
entries as (

    select
        people.*,
        campaigns.campaign,
        campaigns.audience,
        campaigns.first_step,
        campaigns.conversion_days,
        coalesce(passages.last_enrolment, 0) + 1 as enrolment,
        row_number() over (
            partition by people.contact_id order by campaigns.campaign_rank, campaigns.campaign
        ) as choice
    from people
    inner join campaigns
        on
            (campaigns.audience = 'dormant' and people.status = 'dormant')
            or (
                campaigns.audience = 'drifting_and_dormant'
                and (people.status = 'dormant' or people.is_drifting)
            )
            or (
                campaigns.audience = 'goodbye'
                and (
                    people.status = 'lost'
                    or people.ends_on <= {{ add_days(as_of_date(), var('goodbye_lead_days')) }}
                )
            )
    left join open_enrolments on people.contact_id = open_enrolments.contact_id
    left join passages
        on
            people.contact_id = passages.contact_id
            and campaigns.campaign = passages.campaign
    left join last_active on people.contact_id = last_active.contact_id
    where
        campaigns.is_enabled
        and people.is_mailable
        and open_enrolments.contact_id is null
        and (
            passages.contact_id is null
            -- once per silence: again when something came from the person since, or after an active time
            or (
                campaigns.audience = 'goodbye'
                and (
                    people.last_contact_at > passages.last_enrolled_at
                    or (people.status = 'lost' and last_active.active_until > passages.last_closed_on)
                )
            )
            or (
                campaigns.audience <> 'goodbye'
                and last_active.active_until > passages.last_closed_on
                and {{ days_between('passages.last_closed_on', as_of_date()) }} >= campaigns.cool_off_days
            )
        )

),

enrolling as (

    select
        entries.contact_id,
        entries.campaign,
        cast(entries.enrolment as integer) as enrolment,
        true as is_enrolment,
        entries.first_step as step,
        cast(null as string) as otherwise_step,
        cast(null as string) as otherwise_exit,
        cast(null as string) as reaction,
        concat(
            case
                when entries.audience = 'goodbye' and entries.status <> 'lost'
                    then
                        concat(
                            case
                                when entries.ends_on < entries.due_on then 'its account ends on '
                                else 'due for erasure on '
                            end,
                            cast(entries.ends_on as string)
                        )
                when entries.status = 'active'
                    then concat('drifting, active since ', cast(entries.status_since as string))
                else concat(entries.status, ' since ', cast(entries.status_since as string))
            end,
            case
                when entries.enrolment = 1 then concat(', not yet in ', entries.campaign)
                else concat(', another time of silence since the last passage through ', entries.campaign)
            end,
            ': enters at ', entries.first_step
        ) as reason,
        case
            when
                entries.audience = 'goodbye'
                -- who stands on tonight's due list may be erased tonight: an answer would come too late
                and entries.due_on <= {{ add_days(as_of_date(), var('ahead_days')) }}
                then 'erasure_due'
            when
                entries.audience <> 'goodbye'
                and entries.due_on <= {{ add_days(as_of_date(), 'entries.conversion_days') }}
                then 'erasure_due'
            when
                entries.audience <> 'goodbye'
                and episodes.messages >= {{ var('max_messages_per_episode') }}
                then 'max_messages_per_episode'
        end as held_back
    from entries
    left join episodes on entries.contact_id = episodes.contact_id
    where entries.choice = 1

),

candidates as (

    select * from follow_ups
    union all
    select * from enrolling

)

select
    candidates.contact_id,
    candidates.campaign,
    candidates.enrolment,
    candidates.is_enrolment,
    candidates.step,
    candidates.otherwise_step,
    candidates.otherwise_exit,
    candidates.reaction,
    candidates.reason,
    contacts.language,
    contacts.mailbox_id,
    contacts.provider,
    engagement.engaged_at,
    last_messages.last_message_at,
    case
        when candidates.held_back is not null then candidates.held_back
        when
            {{ days_between('last_messages.last_message_at', as_of_date()) }}
            < {{ var('min_days_between_messages') }}
            then 'too_soon'
    end as held_back
from candidates
inner join {{ ref('int_contacts') }} as contacts on candidates.contact_id = contacts.contact_id
inner join {{ ref('int_engagement') }} as engagement on candidates.contact_id = engagement.contact_id
left join {{ ref('int_last_messages') }} as last_messages
    on contacts.mailbox_id = last_messages.mailbox_id
