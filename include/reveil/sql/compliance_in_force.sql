-- who is still held is asked about nowhere, so an entry that is not final yet keeps out nobody else's rows
select key_id, contact_hmac, address_hmac, reason, erased_at, had_objected
from suppressions
where expires_on > $as_of::date
