-- Each event once. A blocklisting that a bounce or a complaint caused is that bounce or complaint, not an
-- objection of its own.
insert into raw.esp_events (
    esp, event_id, contact_id, campaign, batch_key, event, occurred_at, actor, url, load_id
)
select
    $esp,
    gathered.event_id,
    any_value(esp_contacts.contact_id),
    any_value(coalesce(batches.campaign, nullif(gathered.source, ''))),
    any_value(batches.batch_key),
    any_value(gathered.event),
    min(gathered.occurred_at),
    any_value(gathered.actor),
    any_value(gathered.url),
    0
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
