with

messages as (

    select * from {{ ref('campaign_messages') }}

),

-- erased contacts count on, as numbers without a key
erased as (

    select * from {{ ref('stg_journal__outcome_totals') }}

),

counts as (

    select
        campaign,
        step,
        sum(case when sent then 1 else 0 end) as sent,
        sum(case when outcome = 'unknown' then 1 else 0 end) as unknown,
        sum(case when delivered then 1 else 0 end) as delivered,
        sum(case when opened then 1 else 0 end) as opened,
        sum(case when clicked then 1 else 0 end) as clicked,
        sum(case when purchased then 1 else 0 end) as purchased,
        sum(revenue) as revenue,
        sum(spend_committed) as spend_committed
    from messages
    group by campaign, step
    union all
    select
        campaign,
        step,
        sum(case when measure in ('sent', 'unknown', 'open') then total else 0 end) as sent,
        sum(case when measure = 'unknown' then total else 0 end) as unknown,
        sum(case when measure = 'delivered' then total else 0 end) as delivered,
        sum(case when measure = 'opened' then total else 0 end) as opened,
        sum(case when measure = 'clicked' then total else 0 end) as clicked,
        sum(case when measure = 'purchased' then total else 0 end) as purchased,
        sum(case when measure = 'revenue' then total else 0 end) as revenue,
        sum(case when measure = 'spend_committed' then total else 0 end) as spend_committed
    from erased
    where
        measure in (
            'sent',
            'unknown',
            'open',
            'delivered',
            'opened',
            'clicked',
            'purchased',
            'revenue',
            'spend_committed'
        )
    group by campaign, step

)

select
    campaign,
    step,
    {{ as_of() }} as as_of
    {%- for measure in ['sent', 'unknown', 'delivered', 'opened', 'clicked', 'purchased'] %},
    cast(sum({{ measure }}) as bigint) as {{ measure }}
    {%- endfor %},
    cast(sum(revenue) as decimal(18, 2)) as revenue,
    cast(sum(spend_committed) as decimal(18, 2)) as spend_committed
from counts
group by campaign, step
