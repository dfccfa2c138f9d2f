select
    next_step.campaign,
    next_step.step,
    coalesce(next_step.provider, 'no provider'),
    next_step.language,
    count(*),
    sum(coalesce(next_step.offer_cost, 0)),
    count(*) filter (where not contacts.tracking_consent)
from marts.next_step as next_step
inner join marts.contacts as contacts using (contact_id)
where next_step.arm = 'treated' and ($campaign is null or next_step.campaign = $campaign)
group by next_step.campaign, next_step.step, next_step.provider, next_step.language
order by next_step.campaign, next_step.step, count(*) desc, next_step.provider, next_step.language
