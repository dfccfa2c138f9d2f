select reason, rows_refused
from journal.load_refusals
where load_id = $load_id
order by reason
