select campaign, step, language, count(*)
from journal.audience
where arm = 'treated'
group by campaign, step, language
order by campaign, step, language
