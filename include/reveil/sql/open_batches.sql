-- batches whose end is not yet known, oldest first
select batch_key, campaign, message, language, as_of
from journal.batches
where batch_key not in (
    select batch_key from journal.batch_events where event in ('closed', 'cancelled')
)
order by as_of, batch_key
