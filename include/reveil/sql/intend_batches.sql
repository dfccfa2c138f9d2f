-- one batch per campaign, step, message and language of tonight's audience
insert into journal.batches (batch_key, campaign, step, message, language, as_of, n, esp, planned, message_digest)
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
    any_value(messages.digest)
from journal.audience as audience
left join rules.campaign_messages as messages using (campaign, message, language)
where as_of = $as_of
group by campaign, step, message, language, as_of
