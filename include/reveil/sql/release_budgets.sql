-- frees the period that the commitment burdened, so the row bears that night
insert into journal.budget_entries (budget, batch_key, contact_id, amount, currency, entry, as_of)
select budget, batch_key, contact_id, amount, currency, 'released', as_of
from journal.budget_entries
where batch_key = $batch_key and entry = 'committed' and contact_id in (select contact_id from released)
