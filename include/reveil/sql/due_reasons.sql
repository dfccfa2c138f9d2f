select reason, count(*), count(*) filter (where days_overdue > 0)
from marts.erasure_due
group by reason
order by reason
