select
    (select count(*) from {stage}) as rows_typed,
    count(*) filter (where verdict = 'new') as rows_new,
    count(*) filter (where verdict = 'changed') as rows_changed,
    count(*) filter (where verdict = 'unchanged') as rows_unchanged,
    (select max({occurred_at})::timestamp from {stage} where problem is null) as newest_at,
    (select count(*) from {stage} where {lacks_key}) as rows_without_key
from {verdicts}
