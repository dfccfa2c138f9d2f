select campaign, count(*)
from marts.next_step
where arm = 'holdout' and ($campaign is null or campaign = $campaign)
group by campaign
order by campaign
