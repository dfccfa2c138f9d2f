select
    gathered.event,
    count(distinct gathered.event_id) filter (where esp_contacts.contact_id is not null and known.event_id is null),
    count(distinct gathered.event_id) filter (where known.event_id is not null),
    count(distinct gathered.event_id) filter (where esp_contacts.contact_id is null and known.event_id is null)
from gathered
left join journal.esp_contacts as esp_contacts on esp_contacts.esp = $esp and gathered.esp_id = esp_contacts.esp_id
left join raw.esp_events as known on known.esp = $esp and gathered.event_id = known.event_id
group by gathered.event
order by gathered.event
