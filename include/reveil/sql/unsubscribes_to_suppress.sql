-- up to the provider's time if it is not the world's
select distinct esp_contacts.esp_id
from raw.esp_events as events
inner join journal.esp_contacts as esp_contacts using (esp, contact_id)
left join journal.esp_suppressions as done on done.esp = events.esp and done.esp_id = esp_contacts.esp_id
where events.esp = $esp and events.event in ('unsubscribed', 'complained') and done.esp_id is null
    and ($until::timestamp is null or events.occurred_at <= $until)
order by esp_contacts.esp_id
