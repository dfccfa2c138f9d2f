-- halts of this night's figures that are not in the journal yet, so that they hold until a person lifts them
insert into journal.guard_changes (provider, change, why, is_automatic, as_of)
select verdicts.provider, 'halt', verdicts.why, true, verdicts.as_of
from marts.deliverability as verdicts
left join (
    select provider, arg_max(change, (coalesce(as_of, recorded_at), recorded_at)) as change
    from journal.guard_changes
    group by provider
) as states using (provider)
where verdicts.day = cast(verdicts.as_of as date)
    and verdicts.verdict = 'halt'
    and states.change is distinct from 'halt'
    -- a person's lift of this very night is newer than the figures
    and not exists (
        select 1
        from journal.guard_changes as lifts
        where lifts.provider = verdicts.provider and lifts.change = 'lift' and lifts.as_of >= verdicts.as_of
    )
returning provider, why
