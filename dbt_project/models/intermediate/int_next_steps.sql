-- The candidates held against the numbers of the night, one after the other: the campaign's enrolments, what
-- each provider and the canary allow, the budgets. What is held back says why.
with

campaigns as (

    select * from {{ ref('stg_rules__campaigns') }}

),

steps as (

    select * from {{ ref('stg_rules__campaign_steps') }}

),

budgets as (

    select * from {{ ref('stg_rules__budgets') }}

),

-- what the guards allow tonight; a provider or campaign without a row is not limited
provider_limits as (

    select
        provider,
        verdict,
        allowed_volume
    from {{ ref('deliverability') }}
    where day = {{ as_of_date() }}

),

campaign_caps as (

    select
        campaign,
        cap,
        state
    from {{ ref('int_campaign_caps') }}

),

armed as (

    select
        candidates.*,
        campaigns.max_per_night,
        campaigns.salt,
        campaigns.file_digest,
        campaigns.default_language,
        campaigns.path_days,
        campaigns.observation_days,
        case
            when
                candidates.is_enrolment
                and {{ share_of(
                    "concat(coalesce(campaigns.salt, campaigns.campaign), '/', candidates.contact_id, '/', "
                    ~ "cast(candidates.enrolment as string))"
                ) }} < coalesce(campaigns.holdout_share, 0)
                then 'holdout'
            else 'treated'
        end as arm
    from {{ ref('int_candidates') }} as candidates
    inner join campaigns on candidates.campaign = campaigns.campaign

),

-- follow-ups before enrolments, then the most recently engaged
ranked as (

    select
        *,
        row_number() over (
            partition by campaign, is_enrolment, held_back is null
            order by engaged_at desc, contact_id asc
        ) as place
    from armed

),

within_the_night as (

    select
        *,
        case
            when held_back is not null then held_back
            when is_enrolment and place > max_per_night then 'max_per_night'
        end as held_by_number
    from ranked

),

-- most of a large audience waits for another night: only the others are held against what follows
going as (

    select * from within_the_night
    where held_by_number is null

),

-- holdouts stand in the same queue, so that both arms are taken from the same contacts; they use nothing up
counted_by_provider as (

    select
        going.*,
        provider_limits.verdict,
        provider_limits.allowed_volume,
        sum(case when held_by_number is null and arm = 'treated' then 1 else 0 end) over (
            partition by going.provider
            order by is_enrolment asc, engaged_at desc, contact_id asc
            rows between unbounded preceding and current row
        ) as messages_so_far
    from going
    left join provider_limits on going.provider = provider_limits.provider

),

within_providers as (

    select
        *,
        case
            when held_by_number is not null then held_by_number
            when verdict = 'halt' then 'provider_halted'
            when messages_so_far > allowed_volume then 'provider_cap'
        end as held_by_provider
    from counted_by_provider

),

counted_by_campaign as (

    select
        within_providers.*,
        campaign_caps.cap,
        campaign_caps.state as campaign_state,
        sum(case when held_by_provider is null and arm = 'treated' then 1 else 0 end) over (
            partition by within_providers.campaign
            order by is_enrolment asc, engaged_at desc, contact_id asc
            rows between unbounded preceding and current row
        ) as campaign_messages_so_far
    from within_providers
    left join campaign_caps on within_providers.campaign = campaign_caps.campaign

),

within_caps as (

    select
        *,
        case
            when held_by_provider is not null then held_by_provider
            when campaign_state = 'failed' then 'campaign_stopped'
            when campaign_messages_so_far > cap then 'canary'
        end as held_by_cap
    from counted_by_campaign

),

committed as (

    select
        entries.budget,
        sum(case when entries.entry = 'released' then -entries.amount else entries.amount end) as amount
    from {{ ref('stg_journal__budget_entries') }} as entries
    inner join budgets on entries.budget = budgets.budget
    where
        {{ visible('entries.planned_as_of') }}
        and case budgets.period
            when 'month' then date_trunc('month', entries.planned_as_of) = date_trunc('month', {{ as_of() }})
            when 'quarter'
                then date_trunc('quarter', entries.planned_as_of) = date_trunc('quarter', {{ as_of() }})
            when 'year' then date_trunc('year', entries.planned_as_of) = date_trunc('year', {{ as_of() }})
            else true
        end
    group by entries.budget

),

rooms as (

    select
        budgets.budget,
        budgets.amount - coalesce(committed.amount, 0) as room
    from budgets
    left join committed on budgets.budget = committed.budget

),

-- offers go out in order of past spend for as long as the budget has room
asking as (

    select
        within_caps.*,
        steps.budget as asked_budget,
        recency.spend,
        rooms.room,
        sum(case when held_by_cap is null and arm = 'treated' then steps.offer_cost else 0 end) over (
            partition by steps.budget
            order by recency.spend desc nulls last, within_caps.contact_id asc
            rows between unbounded preceding and current row
        ) as asked_so_far,
        steps.offer_cost as asked_cost
    from within_caps
    inner join steps
        on
            within_caps.campaign = steps.campaign
            and within_caps.step = steps.step
    left join {{ ref('contact_recency') }} as recency on within_caps.contact_id = recency.contact_id
    left join rooms on steps.budget = rooms.budget

),

answered as (

    select
        *,
        asked_budget is null
        or asked_cost = 0
        or arm = 'holdout'
        or coalesce(asked_so_far <= room, false) as fits
    from asking

),

used as (

    select
        asked_budget as budget,
        sum(asked_cost) as amount
    from answered
    where
        held_by_cap is null
        and arm = 'treated'
        and fits
        and asked_budget is not null
    group by asked_budget

),

-- what does not fit takes the cheaper step, whose own offer may need room too
placed as (

    select
        answered.*,
        case when answered.fits then answered.step else answered.otherwise_step end as taken_step
    from answered

),

asking_again as (

    select
        placed.*,
        steps.step is not null as is_known,
        steps.message,
        steps.offer,
        steps.offer_cost,
        steps.budget,
        steps.currency,
        rooms.room - coalesce(used.amount, 0) as room_left,
        sum(
            case
                when placed.held_by_cap is null and not placed.fits then steps.offer_cost
                else 0
            end
        ) over (
            partition by steps.budget
            order by placed.spend desc nulls last, placed.contact_id asc
            rows between unbounded preceding and current row
        ) as asked_again_so_far,
        sent_before.step is not null as was_sent
    from placed
    left join steps
        on
            placed.campaign = steps.campaign
            and placed.taken_step = steps.step
    left join rooms on steps.budget = rooms.budget
    left join used on steps.budget = used.budget
    left join {{ ref('int_campaign_messages') }} as sent_before
        on
            placed.contact_id = sent_before.contact_id
            and placed.campaign = sent_before.campaign
            and placed.enrolment = sent_before.enrolment
            and placed.taken_step = sent_before.step

),

decided as (

    select
        *,
        case
            when held_by_cap is not null then held_by_cap
            when fits then null
            when not is_known or was_sent then 'budget'
            when
                budget is not null
                and offer_cost > 0
                and coalesce(asked_again_so_far > room_left, true)
                then 'budget'
        end as held_for
    from asking_again

)

select
    contact_id,
    campaign,
    enrolment,
    is_enrolment,
    arm,
    case when held_for is null then taken_step else step end as step,
    message,
    offer,
    offer_cost,
    budget,
    currency,
    reaction,
    concat(
        reason,
        case
            when arm = 'holdout' then ', held out for comparison and sent nothing'
            when fits then ''
            else concat(', whose offer has no room in the budget ', asked_budget)
        end,
        case
            when fits then ''
            when held_for is null then concat(': otherwise ', taken_step)
            when otherwise_exit is not null then concat(': otherwise leaves as ', otherwise_exit)
            else ': waits'
        end
    ) as reason,
    default_language,
    language,
    mailbox_id,
    provider,
    engaged_at,
    last_message_at,
    file_digest,
    case
        when arm = 'holdout'
            then {{ add_days(as_of_date(), 'coalesce(path_days, 0) + observation_days') }}
    end as closes_on,
    held_for as held_back
from decided
union all
select
    contact_id,
    campaign,
    enrolment,
    is_enrolment,
    arm,
    step,
    cast(null as string) as message,
    cast(null as string) as offer,
    cast(null as decimal(18, 2)) as offer_cost,
    cast(null as string) as budget,
    cast(null as string) as currency,
    reaction,
    reason,
    default_language,
    language,
    mailbox_id,
    provider,
    engaged_at,
    last_message_at,
    file_digest,
    cast(null as date) as closes_on,
    held_by_number as held_back
from within_the_night
where held_by_number is not null
