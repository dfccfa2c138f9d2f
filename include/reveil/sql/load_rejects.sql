insert into raw.rejects (load_id, table_name, file_name, line, column_name, reason)
select $load_id, $table, $file, line, column_name, reason
from (
    select line, split_part(problem, ':', 1) as column_name, split_part(problem, ':', 2) as reason
    from {stage}
    where problem is not null and problem not like '%:erased %'
    union all
    select line, null, verdict from {verdicts} where verdict = 'conflicting_duplicate'
    union all
    select unnest($bad_lines::bigint[]), null, unnest($bad_reasons::varchar[])
)
order by line
