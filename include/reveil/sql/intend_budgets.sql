-- what each offer may cost is committed before anything leaves
insert into journal.budget_entries (budget, batch_key, contact_id, amount, currency, entry, as_of)
select
    audience.budget,
    batches.batch_key,
    audience.contact_id,
    audience.offer_cost,
    audience.currency,
    'committed',
    audience.as_of
from journal.audience as audience
inner join journal.batches as batches using (campaign, step, message, language, as_of)
where audience.as_of = $as_of and audience.arm = 'treated' and audience.offer_cost > 0
