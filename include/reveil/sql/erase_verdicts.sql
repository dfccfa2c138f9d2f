-- Messages of erased people no longer count towards their campaign's file: what they showed of it is written down first.
insert into journal.campaign_verdicts (campaign, file_digest, verdict, why, as_of)
select caps.campaign, caps.file_digest, caps.state, caps.why, $as_of
from intermediate.int_campaign_caps as caps
where caps.state in ('passed', 'failed')
    and not exists (
        select 1
        from journal.campaign_verdicts as known
        where known.campaign = caps.campaign
            and known.file_digest is not distinct from caps.file_digest
            and known.verdict = caps.state
    )
