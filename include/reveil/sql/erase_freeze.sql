insert or ignore into journal.erasure_freezes (run_id, contact_id, reason, as_of)
select $run_id, contact_id, reason, $as_of
from erasing
