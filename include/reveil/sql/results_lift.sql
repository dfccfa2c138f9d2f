select
    campaign, treated, treated_converted, holdout, holdout_converted,
    lift, lift_low, lift_high, verdict, read_date, sample_needed
from marts.campaign_lift
where $campaign is null or campaign = $campaign
order by campaign
