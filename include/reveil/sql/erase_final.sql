update suppressions
set state = 'final'
where run_id = $run_id and contact_hmac in (select contact_hmac from erased_now)
