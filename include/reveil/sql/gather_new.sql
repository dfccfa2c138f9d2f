-- What is to be stored: each event once. A blocklisting that a bounce or a complaint caused is that bounce or complaint, not an
-- objection of its own.
create or replace temp table to_merge as
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
group by gathered.event_id
