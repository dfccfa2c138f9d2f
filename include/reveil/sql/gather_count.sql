-- per event: new, known before, of subscribers nobody knows
select
    event,
    count(*) filter (where is_new),
    count(*) filter (where is_known),
    count(*) filter (where not is_new and not is_known)
from (
    select
        gathered.event,
        gathered.event_id,
        gathered.event_id in (select event_id from to_merge) as is_new,
        bool_or(known.event_id is not null or esp_contacts.contact_id is not null)
        and gathered.event_id not in (select event_id from to_merge) as is_known
    from gathered
    left join journal.esp_contacts as esp_contacts on esp_contacts.esp = $esp and gathered.esp_id = esp_contacts.esp_id
    left join raw.esp_events as known on known.esp = $esp and gathered.event_id = known.event_id
    group by gathered.event, gathered.event_id
) as events
group by event
order by event
