select campaign, step, sent, unknown, delivered, opened, clicked, purchased, revenue, spend_committed
from marts.campaign_results
where $campaign is null or campaign = $campaign
order by campaign, step
