-- load 0: no file brought them, so no snapshot takes them away
insert into raw.crm_erasure_requests (request_id, contact_id, email, requested_at, channel, load_id)
select request_id, contact_id, email, $requested_at, 'command line', 0
from (
    select
        unnest($request_ids::varchar[]) as request_id,
        unnest($contact_ids::varchar[]) as contact_id,
        unnest($emails::varchar[]) as email
)
where request_id not in (select request_id from raw.crm_erasure_requests)
group by all
