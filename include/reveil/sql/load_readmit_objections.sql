-- an objection outlives the erasure: the provider's own event is gone, so it is told again
insert into raw.esp_events (esp, event_id, contact_id, event, occurred_at, actor, load_id)
select 'erasure', 'objection ' || contact_id, contact_id, 'unsubscribed', refused_until, 'human', 0
from load_refused
where refused_until is not null and is_new and had_objected
    and not exists (select 1 from raw.esp_events where esp = 'erasure' and event_id = 'objection ' || contact_id)
