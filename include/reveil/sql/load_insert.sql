insert into raw.{table} ({columns}, load_id)
select {stage_columns}, $load_id
from {stage} as stage
join {verdicts} as verdicts on stage.line = verdicts.line
where verdicts.verdict = 'new'
