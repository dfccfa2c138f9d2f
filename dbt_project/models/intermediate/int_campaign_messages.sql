-- every message of a campaign that left, or may have left, and the reaction to it while its wait lasts. A
-- reaction belongs to the step of its batch. A robot's click is none, nor is an open of a contact who does
-- not consent to tracking.
with

batch_contacts as (

    select * from {{ ref('stg_journal__batch_contacts') }}
    where
        coalesce(outcome, '') <> 'cancelled'
        and {{ visible('planned_as_of') }}

),

steps as (

    select * from {{ ref('stg_rules__campaign_steps') }}

),

campaigns as (

    select * from {{ ref('stg_rules__campaigns') }}

),

contacts as (

    select * from {{ ref('stg_crm__contacts') }}

),

messages as (

    select
        batch_contacts.batch_key,
        batch_contacts.campaign,
        batch_contacts.enrolment,
        batch_contacts.step,
        batch_contacts.contact_id,
        batch_contacts.offer_cost,
        batch_contacts.outcome,
        batch_contacts.planned_as_of as messaged_at,
        coalesce(steps.wait_days, 0) as wait_days,
        {{ days_later('batch_contacts.planned_as_of', 'coalesce(steps.wait_days, 0)') }} as read_at,
        coalesce(campaigns.unknown_opens, 'ignore') = 'count' as counts_unknown_opens,
        coalesce(contacts.tracking_consent, false) as is_tracked,
        lead(batch_contacts.planned_as_of) over (
            partition by batch_contacts.contact_id, batch_contacts.campaign, batch_contacts.enrolment
            order by batch_contacts.planned_as_of, batch_contacts.step
        ) as next_messaged_at
    from batch_contacts
    left join steps
        on
            batch_contacts.campaign = steps.campaign
            and batch_contacts.step = steps.step
    left join campaigns on batch_contacts.campaign = campaigns.campaign
    left join contacts on batch_contacts.contact_id = contacts.contact_id

),

events as (

    select * from {{ ref('stg_esp__events') }}
    where
        batch_key is not null
        and event in ('delivered', 'opened')
        and {{ visible('occurred_at') }}

),

clicks as (

    select * from {{ ref('int_campaign_clicks') }}

),

-- what a message's own events say, each kind by its first instant
of_messages as (

    select
        messages.batch_key,
        messages.contact_id,
        min(events.occurred_at) filter (where events.event = 'delivered') as delivered_at,
        min(
            case
                when
                    events.event = 'opened'
                    and events.occurred_at >= messages.messaged_at
                    and messages.is_tracked
                    and (
                        events.actor = 'human'
                        or (messages.counts_unknown_opens and coalesce(events.actor, 'unknown') = 'unknown')
                    )
                    then events.occurred_at
            end
        ) as opened_at
    from messages
    inner join events
        on
            messages.batch_key = events.batch_key
            and messages.contact_id = events.contact_id
    group by messages.batch_key, messages.contact_id

),

clicks_of_messages as (

    select
        messages.batch_key,
        messages.contact_id,
        min(clicks.clicked_at) as clicked_at,
        min(clicks.clicked_at) filter (where clicks.is_answer) as answered_by_link_at
    from messages
    inner join clicks
        on
            messages.batch_key = clicks.batch_key
            and messages.contact_id = clicks.contact_id
            and messages.messaged_at <= clicks.clicked_at
    group by messages.batch_key, messages.contact_id

),

acts as (

    select * from {{ ref('int_campaign_acts') }}

),

acts_of_messages as (

    select
        messages.batch_key,
        messages.contact_id,
        min(acts.acted_at) filter (where acts.act = 'purchase') as purchased_at,
        min(acts.acted_at) filter (where acts.act in ('login', 'preference')) as answered_at
    from messages
    inner join acts
        on
            messages.contact_id = acts.contact_id
            and messages.messaged_at <= acts.acted_at
            and messages.read_at > acts.acted_at
    group by messages.batch_key, messages.contact_id

)

select
    messages.batch_key,
    messages.campaign,
    messages.enrolment,
    messages.step,
    messages.contact_id,
    messages.offer_cost,
    messages.outcome,
    messages.messaged_at,
    messages.wait_days,
    messages.read_at,
    messages.next_messaged_at,
    messages.read_at <= {{ as_of() }} as is_read,
    of_messages.delivered_at,
    of_messages.opened_at,
    clicks_of_messages.clicked_at,
    case
        when acts_of_messages.purchased_at is not null then 'purchased'
        when
            acts_of_messages.answered_at is not null
            or clicks_of_messages.answered_by_link_at < messages.read_at
            then 'answered'
        when clicks_of_messages.clicked_at < messages.read_at then 'clicked'
        when of_messages.opened_at < messages.read_at then 'opened'
        else 'no_reaction'
    end as reaction
from messages
left join of_messages
    on
        messages.batch_key = of_messages.batch_key
        and messages.contact_id = of_messages.contact_id
left join clicks_of_messages
    on
        messages.batch_key = clicks_of_messages.batch_key
        and messages.contact_id = clicks_of_messages.contact_id
left join acts_of_messages
    on
        messages.batch_key = acts_of_messages.batch_key
        and messages.contact_id = acts_of_messages.contact_id
