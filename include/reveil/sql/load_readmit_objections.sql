-- an objection outlives the erasure: the provider's own event is gone, so it is told again
insert into raw.esp_events (esp, event_id, contact_id, event, occurred_at, actor, load_id)
select 'erasure', 'objection/' || uuid(), contact_id, 'unsubscribed', refused_until, 'human', 0
from load_refused
where refused_until is not null and is_new and had_objected
    and contact_id not in (select contact_id from raw.esp_events where esp = 'erasure')
