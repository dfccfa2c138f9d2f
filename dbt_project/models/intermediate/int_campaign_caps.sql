-- how many messages a campaign may send tonight: canary_size of a new or changed file, until enough of them
-- are out; none once one of their rates reached a limit. What was judged before an erasure stands, though the
-- messages that showed it are gone
with

campaigns as (

    select * from {{ ref('stg_rules__campaigns') }}

),

limits as (

    select
        min(case when limit_name = 'reactivation_complaint_rate' then halt_at end) as complaints_halt_at,
        min(case when limit_name = 'hard_bounce_rate' then halt_at end) as bounces_halt_at,
        min(case when limit_name = 'unsubscribe_rate' then halt_at end) as unsubscribes_halt_at,
        min(case when limit_name = 'reactivation_complaint_rate' then min_messages end) as min_messages
    from {{ ref('deliverability_limits') }}

),

-- an outcome that nobody knows counts as sent; one that is still open is no result
messages as (

    select
        batches.campaign,
        batches.file_digest,
        batches.batch_key,
        batch_contacts.contact_id
    from {{ ref('stg_journal__batches') }} as batches
    inner join {{ ref('stg_journal__batch_contacts') }} as batch_contacts
        on batches.batch_key = batch_contacts.batch_key
    where
        batch_contacts.outcome in ('sent', 'unknown')
        and {{ visible('batch_contacts.planned_as_of') }}

),

reactions as (

    select
        contact_id,
        batch_key,
        max(case when event = 'complained' then 1 else 0 end) as complained,
        max(case when event = 'bounced_hard' then 1 else 0 end) as bounced,
        max(case when event = 'unsubscribed' then 1 else 0 end) as unsubscribed
    from {{ ref('stg_esp__events') }}
    where
        batch_key is not null
        and event in ('complained', 'bounced_hard', 'unsubscribed')
        and {{ visible('occurred_at') }}
    group by contact_id, batch_key

),

results as (

    select
        messages.campaign,
        messages.file_digest,
        count(*) as sent,
        coalesce(sum(reactions.complained), 0) as complaints,
        coalesce(sum(reactions.bounced), 0) as bounces,
        coalesce(sum(reactions.unsubscribed), 0) as unsubscribes
    from messages
    left join reactions
        on
            messages.batch_key = reactions.batch_key
            and messages.contact_id = reactions.contact_id
    group by messages.campaign, messages.file_digest

),

-- the worse of what was written down
verdicts as (

    select
        campaign,
        coalesce(file_digest, '') as file_digest,
        min(verdict) as verdict,
        min(case when verdict = 'failed' then why end) as failed_why
    from {{ ref('stg_journal__campaign_verdicts') }}
    where judged_as_of <= {{ as_of() }}
    group by campaign, coalesce(file_digest, '')

),

judged as (

    select
        campaigns.campaign,
        campaigns.file_digest,
        verdicts.failed_why,
        coalesce(results.sent, 0) as sent,
        coalesce(results.complaints, 0) as complaints,
        coalesce(results.bounces, 0) as bounces,
        coalesce(results.unsubscribes, 0) as unsubscribes,
        limits.min_messages,
        case
            when verdicts.verdict = 'failed' then 'failed'
            when coalesce(results.sent, 0) < limits.min_messages then coalesce(verdicts.verdict, 'canary')
            when
                results.complaints >= limits.complaints_halt_at * results.sent
                or results.bounces >= limits.bounces_halt_at * results.sent
                or results.unsubscribes >= limits.unsubscribes_halt_at * results.sent
                then 'failed'
            else 'passed'
        end as state
    from campaigns
    cross join limits
    left join results
        on
            campaigns.campaign = results.campaign
            and coalesce(campaigns.file_digest, '') = coalesce(results.file_digest, '')
    left join verdicts
        on
            campaigns.campaign = verdicts.campaign
            and coalesce(campaigns.file_digest, '') = verdicts.file_digest

)

select
    campaign,
    file_digest,
    state,
    cast(
        case state
            when 'canary' then {{ var('canary_size') }}
            when 'failed' then 0
        end as bigint
    ) as cap,
    state = 'canary' as is_canary,
    case
        when state = 'canary'
            then
                concat(
                    'canary: ', cast(sent as string), ' messages of this campaign file so far, at least ',
                    cast(min_messages as string), ' are needed to judge it'
                )
        when failed_why is not null then failed_why
        when state = 'failed'
            then
                concat(
                    'stopped: of ',
                    cast(sent as string),
                    ' messages of this campaign file ',
                    cast(complaints as string),
                    ' were complained about, ',
                    cast(bounces as string),
                    ' bounced, ',
                    cast(unsubscribes as string),
                    ' led to unsubscribing; change the file to try again'
                )
        else 'no canary limit'
    end as why
from judged
