select key_id, contact_hmac, address_hmac, reason, state, erased_at, had_objected
from suppressions
where expires_on > $as_of::date
