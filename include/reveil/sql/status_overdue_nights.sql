-- of the last 30 nights
select count(*) filter (where overdue > 0), count(*)
from (select overdue from marts.erasure_overdue order by night desc limit 30)
