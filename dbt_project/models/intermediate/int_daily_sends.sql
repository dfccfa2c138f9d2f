-- what every mailbox provider was sent each day, by regular messages and by batches, and what became of it:
-- as far back as the oldest window of the oldest day shown needs
with

contacts as (

    select * from {{ ref('int_contacts') }}

),

batches as (

    select * from {{ ref('stg_journal__batches') }}

),

sends as (

    select
        contact_id,
        esp,
        cast(sent_at as date) as day,
        0 as is_reactivation
    from {{ ref('stg_esp__sends') }}
    where
        batch_key is null
        and {{ visible('sent_at') }}
    union all
    -- an outcome that nobody knows counts as sent
    select
        batch_contacts.contact_id,
        batches.esp,
        cast(batch_contacts.planned_as_of as date) as day,
        1 as is_reactivation
    from {{ ref('stg_journal__batch_contacts') }} as batch_contacts
    inner join batches on batch_contacts.batch_key = batches.batch_key
    where
        batch_contacts.outcome in ('sent', 'unknown')
        and {{ visible('batch_contacts.planned_as_of') }}

),

recent_events as (

    select
        contact_id,
        esp,
        event,
        cast(occurred_at as date) as day,
        case when batch_key is null then 0 else 1 end as is_reactivation
    from {{ ref('stg_esp__events') }}
    where
        {{ visible('occurred_at') }}
        and occurred_at >= {{ add_days(as_of_date(), '-60 - ' ~ var('deliverability_days')) }}
        and (event <> 'opened' or actor = 'human')

),

-- one a contact and day; leaving is told once for each list and once more by the blocklist
events as (

    select
        contact_id,
        esp,
        event,
        day,
        max(is_reactivation) as is_reactivation
    from recent_events
    where event <> 'unsubscribed'
    group by contact_id, esp, event, day
    union all
    select
        contact_id,
        esp,
        event,
        min(day) as day,
        max(is_reactivation) as is_reactivation
    from recent_events
    where event = 'unsubscribed'
    group by contact_id, esp, event

),

-- e-mail services that tell of deliveries; for the others a message that did not bounce is delivered
telling as (

    select distinct esp from events
    where event = 'delivered'

),

acts as (

    select
        contact_id,
        esp,
        day,
        is_reactivation,
        'sent' as act
    from sends
    where day >= {{ add_days(as_of_date(), '-60 - ' ~ var('deliverability_days')) }}
    union all
    select
        contact_id,
        esp,
        day,
        is_reactivation,
        event as act
    from events

)

select
    coalesce(contacts.provider, 'other') as provider,
    acts.day,
    count(*) filter (where acts.act = 'sent') as sent,
    count(*) filter (where acts.act = 'sent' and acts.is_reactivation = 1) as reactivation_sent,
    -- may be negative on a day on which earlier messages bounce; over a window it adds up
    count(*) filter (where acts.act = 'delivered' or (acts.act = 'sent' and telling.esp is null))
    - count(*) filter (where acts.act in ('bounced_hard', 'bounced_soft') and telling.esp is null)
        as delivered,
    count(*) filter (
        where
        acts.is_reactivation = 1
        and (acts.act = 'delivered' or (acts.act = 'sent' and telling.esp is null))
    )
    - count(*) filter (
        where
        acts.is_reactivation = 1
        and acts.act in ('bounced_hard', 'bounced_soft')
        and telling.esp is null
    ) as reactivation_delivered,
    count(*) filter (where acts.act = 'sent' and telling.esp is null) as derived,
    count(*) filter (where acts.act = 'bounced_hard') as hard_bounces,
    count(*) filter (where acts.act = 'bounced_soft') as soft_bounces,
    count(*) filter (where acts.act = 'unsubscribed') as unsubscribes,
    count(*) filter (where acts.act = 'complained') as complaints,
    count(*) filter (where acts.act = 'complained' and acts.is_reactivation = 1) as reactivation_complaints,
    count(*) filter (where acts.act = 'opened') as opens
from acts
inner join contacts on acts.contact_id = contacts.contact_id
left join telling on acts.esp = telling.esp
group by coalesce(contacts.provider, 'other'), acts.day
