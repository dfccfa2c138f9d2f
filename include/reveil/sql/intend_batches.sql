-- one batch per campaign, step, message and language of tonight's audience; the first night of a campaign file's
-- version is its canary
insert into journal.batches (
    batch_key, campaign, step, message, language, as_of, n, esp, planned, file_digest, is_canary,
    message_digest
)
select
    concat_ws('/', campaign, step, message, language, strftime(as_of, '%Y-%m-%d'), '1'),
    campaign,
    step,
    message,
    language,
    as_of,
    1,
    $esp,
    count(*),
    max(file_digest),
    not exists (
        select 1
        from journal.batches as earlier
        where earlier.campaign = audience.campaign
            and earlier.file_digest is not distinct from max(audience.file_digest)
            and earlier.as_of < $as_of
    ),
    any_value(messages.digest)
from journal.audience as audience
left join rules.campaign_messages as messages using (campaign, message, language)
where as_of = $as_of and arm = 'treated'
group by campaign, step, message, language, as_of
