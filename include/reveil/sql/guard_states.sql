-- what was last said about each mailbox provider, whenever it was said
select
    provider,
    arg_max(change, (coalesce(as_of, recorded_at), recorded_at)) as change,
    arg_max(why, (coalesce(as_of, recorded_at), recorded_at)) as why
from journal.guard_changes
group by provider
order by provider
