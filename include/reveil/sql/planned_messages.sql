select distinct campaign, message, language
from journal.audience
where as_of = $as_of
order by campaign, message, language
