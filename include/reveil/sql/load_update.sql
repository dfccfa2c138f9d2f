update raw.{table} as held
set {assignments}, load_id = $load_id
from {stage} as stage
join {verdicts} as verdicts on stage.line = verdicts.line
where verdicts.verdict = 'changed' and {same_key}
