select campaign, reason, count(*)
from marts.held_back
where $campaign is null or campaign = $campaign
group by campaign, reason
order by campaign, count(*) desc, reason
