-- one batch per campaign, step, message and language of tonight's audience
insert into journal.batches (batch_key, campaign, step, message, language, as_of, n, esp, planned)
select
    concat_ws('/', campaign, step, message, language, strftime(as_of, '%Y-%m-%d'), '1'),
    campaign,
    step,
    message,
    language,
    as_of,
    1,
    $esp,
    count(*)
from journal.audience
where as_of = $as_of
group by campaign, step, message, language, as_of
