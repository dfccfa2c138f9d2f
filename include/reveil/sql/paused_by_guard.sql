-- whether the last thing done to a batch's campaign was a guard's pause
select coalesce(arg_max(event, recorded_at) = 'paused', false)
from journal.batch_events
where batch_key = $batch_key and event in ('started', 'paused', 'resumed')
