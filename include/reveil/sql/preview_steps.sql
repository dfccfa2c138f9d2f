select
    campaign,
    step,
    coalesce(provider, 'no provider'),
    language,
    count(*),
    sum(coalesce(offer_cost, 0))
from marts.next_step
group by campaign, step, provider, language
order by campaign, step, count(*) desc, provider, language
