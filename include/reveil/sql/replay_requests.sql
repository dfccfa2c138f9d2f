-- requested when they were erased: due at once, on whatever night comes next
insert into raw.crm_erasure_requests (request_id, contact_id, requested_at, channel, load_id)
select 'replay/' || uuid(), contact_id, erased_at, 'replay', 0
from load_refused
where refused_until is null and is_new
