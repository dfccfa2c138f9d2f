select campaign, step, language, count(*)
from journal.audience
group by campaign, step, language
order by campaign, step, language
