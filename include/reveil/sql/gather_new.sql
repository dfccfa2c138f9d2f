-- What is to be stored: each event once. A blocklisting that a bounce or a complaint caused is that bounce or complaint, not an
-- objection of its own. Of a subscriber who left one list only the first leaving counts: our suppression, which follows, ends
-- every subscription, and a list left by that is no message that led to it.
create or replace temp table to_merge as
with leavings as (

    -- who left several of the lists that were asked about at once may be told more than once
    select
        gathered.event_id,
        dense_rank() over (
            partition by gathered.esp_id
            order by gathered.occurred_at, batches.as_of desc nulls last, gathered.event_id
        ) as turn
    from gathered
    left join journal.batches as batches on gathered.source = batches.batch_key
    where gathered.feed = 'unsubscribes'

),

objected as (

    select distinct contact_id from raw.esp_events
    where esp = $esp and event in ('unsubscribed', 'complained')

)

select
    $esp as esp,
    gathered.event_id,
    any_value(esp_contacts.contact_id) as contact_id,
    any_value(coalesce(batches.campaign, nullif(gathered.source, ''))) as campaign,
    any_value(batches.batch_key) as batch_key,
    any_value(gathered.event) as event,
    min(gathered.occurred_at) as occurred_at,
    any_value(gathered.actor) as actor,
    any_value(gathered.url) as url,
    0 as load_id
from gathered
inner join journal.esp_contacts as esp_contacts
    on esp_contacts.esp = $esp and gathered.esp_id = esp_contacts.esp_id
left join journal.batches as batches on gathered.source = batches.batch_key
where not exists (
        select 1 from raw.esp_events as known
        where known.esp = $esp and known.event_id = gathered.event_id
    )
    and not (
        gathered.feed = 'blocklist'
        and (
            exists (
                select 1 from raw.esp_events as known
                where known.contact_id = esp_contacts.contact_id
                    and known.event in ('bounced_hard', 'complained', 'unsubscribed')
            )
            or exists (
                select 1 from gathered as cause
                where cause.esp_id = gathered.esp_id
                    and (cause.event in ('bounced_hard', 'complained') or cause.feed = 'unsubscribes')
            )
        )
    )
    and not (
        gathered.feed = 'unsubscribes'
        and (
            esp_contacts.contact_id in (select contact_id from objected)
            or gathered.event_id in (select event_id from leavings where turn > 1)
        )
    )
group by gathered.event_id
