-- in the transaction of the record, and like it once
insert into verifications
select $run_id, $as_of, $method, $files, $bytes, $values, $found, $places
where not exists (select 1 from ledger where run_id = $run_id)
