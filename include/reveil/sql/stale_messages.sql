-- messages that have gone out unchanged for at least so many months, between their first and last night or day: those
-- of campaign files in the words that the files have now, regular ones by the name that the provider tells
with ours as (
    select
        batches.campaign || '/' || batches.message || ' (' || batches.language || ')' as message,
        min(batches.as_of) as first_at,
        max(batches.as_of) as last_at
    from journal.batches as batches
    inner join rules.campaign_messages as messages
        on
            batches.campaign = messages.campaign
            and batches.message = messages.message
            and batches.language = messages.language
            and batches.message_digest = messages.digest
    where batches.batch_key in (select batch_key from journal.batch_events where event = 'started')
    group by all
),

regular as (
    select
        'regular ' || campaign as message,
        min(sent_at) as first_at,
        max(sent_at) as last_at
    from raw.esp_sends
    where batch_key is null and campaign is not null
    group by all
)

select message, cast(first_at as date) as first_on, cast(last_at as date) as last_on
from (select * from ours union all select * from regular)
where last_at >= first_at + to_months($months)
order by message
