insert or replace into journal.readmissions (contact_id, erased_at, had_objected, as_of)
select contact_id, refused_until, had_objected, $as_of
from load_refused
where refused_until is not null and is_new
