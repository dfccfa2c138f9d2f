select reason, count(*), min(line)
from raw.rejects
where load_id = $load_id
group by reason
order by reason
