insert into journal.load_refusals (load_id, table_name, reason, rows_refused, contacts, as_of)
select $load_id, $table, split_part(problem, ' ', 2), count(*), {people}, $as_of
from {stage}
where problem like '%:erased %'
group by all
