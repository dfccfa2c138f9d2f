-- who came back, or still waits for the provider, has no entry any more
delete from suppressions
where run_id = $run_id and state = 'pending' and contact_hmac not in (select contact_hmac from erased_now)
