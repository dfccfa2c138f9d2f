-- The money of erased contacts, one row a batch: a budget is as spent as before, and nobody stands beside it.
insert into journal.budget_entries (budget, batch_key, contact_id, amount, currency, entry, as_of)
select budget, batch_key, 'erased', sum(amount), currency, entry, as_of
from journal.budget_entries
where contact_id in (select contact_id from going)
group by budget, batch_key, currency, entry, as_of
