-- providers whose rates reach a limit once what happened since the build is added: messages of tonight's earlier
-- batches, and events gathered meanwhile, up to the provider's time if it is not the world's. Without anything new, the build's verdict stands.
with night as (
    select max(as_of) as as_of from marts.deliverability
),

states as (
    select provider, arg_max(change, (coalesce(as_of, recorded_at), recorded_at)) as change, max(as_of) as changed_as_of
    from journal.guard_changes
    group by provider
),

fresh as (
    select
        contacts.provider,
        count(*) filter (where acts.act = 'sent') as sent,
        count(*) filter (where acts.act = 'sent') - count(*) filter (where acts.act like 'bounced_%') as delivered,
        count(*) filter (where acts.act = 'bounced_hard') as hard_bounces,
        count(*) filter (where acts.act = 'bounced_soft') as soft_bounces,
        count(*) filter (where acts.act = 'unsubscribed') as unsubscribes,
        count(*) filter (where acts.act = 'complained') as complaints,
        count(*) filter (where acts.act = 'complained' and acts.is_reactivation) as reactivation_complaints
    from (
        select contact_id, 'sent' as act, true as is_reactivation
        from journal.batch_contacts
        where as_of >= (select as_of from night) and outcome in ('sent', 'unknown')
        union all
        select distinct contact_id, event as act, batch_key is not null as is_reactivation
        from raw.esp_events
        where occurred_at >= (select as_of from night)
            and ($until::timestamp is null or occurred_at <= $until)
            and event in ('bounced_hard', 'bounced_soft', 'complained', 'unsubscribed')
    ) as acts
    inner join marts.contacts as contacts using (contact_id)
    group by contacts.provider
),

counted as (
    select
        fresh.provider,
        limits.limit_name,
        limits.halt_at,
        limits.min_messages,
        -- a person's lift since the build: only what is new counts
        case when states.change = 'lift' and states.changed_as_of >= night.as_of then 0 else coalesce(rates.messages, 0) end
        + case when limits.limit_name like '%_bounce_rate' then fresh.sent else fresh.delivered end as messages,
        case when states.change = 'lift' and states.changed_as_of >= night.as_of then 0 else coalesce(rates.happenings, 0) end
        + case limits.limit_name
            when 'hard_bounce_rate' then fresh.hard_bounces
            when 'soft_bounce_rate' then fresh.soft_bounces
            when 'unsubscribe_rate' then fresh.unsubscribes
            when 'reactivation_complaint_rate' then fresh.reactivation_complaints
            else fresh.complaints
        end as happenings
    from fresh
    cross join night
    cross join seeds.deliverability_limits as limits
    left join intermediate.int_sending_rates as rates
        on rates.provider = fresh.provider
            and rates.limit_name = limits.limit_name
            and rates.day = cast(night.as_of as date)
    left join states on fresh.provider = states.provider
    where limits.limit_name <> 'open_rate_share' and coalesce(states.change, '') <> 'halt'
)

select
    provider,
    string_agg(
        format(
            '{} {:.2f} % ({} of {} messages) since the night''s build, halt at {:.2f} %',
            limit_name, 100.0 * happenings / messages, happenings, messages, 100 * halt_at
        ),
        '; ' order by limit_name
    ) as why
from counted
where messages >= min_messages and happenings >= halt_at * messages
group by provider
order by provider
