select distinct run_id, reason, state, erased_at, expires_on
from suppressions
where list_contains($digests::varchar[], contact_hmac) or list_contains($digests::varchar[], address_hmac)
order by erased_at, run_id
