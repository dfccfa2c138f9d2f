-- An entry per person and run; the same again changes nothing.
insert into suppressions
select
    entry_id,
    address_hmac,
    contact_hmac,
    key_id,
    reason,
    'pending' as state,
    erased_at::timestamp,
    expires_on::date,
    run_id,
    had_objected = 'yes' as had_objected
from new_suppressions
on conflict do nothing
