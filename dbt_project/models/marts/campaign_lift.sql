with

{{ conversions() }},

totals as (

    select
        campaign,
        sum(case when measure = 'treated' then total else 0 end) as treated,
        sum(case when measure = 'treated_converted' then total else 0 end) as treated_converted,
        sum(case when measure = 'treated_revenue' then total else 0 end) as treated_revenue,
        sum(case when measure = 'holdout' then total else 0 end) as holdout,
        sum(case when measure = 'holdout_converted' then total else 0 end) as holdout_converted,
        sum(case when measure = 'holdout_revenue' then total else 0 end) as holdout_revenue
    from erased
    group by campaign

),

arms as (

    select
        campaign,
        sum(case when arm = 'treated' then 1 else 0 end) as treated,
        sum(case when arm = 'treated' then converted else 0 end) as treated_converted,
        sum(case when arm = 'treated' then revenue else 0 end) as treated_revenue,
        sum(case when arm = 'holdout' then 1 else 0 end) as holdout,
        sum(case when arm = 'holdout' then converted else 0 end) as holdout_converted,
        sum(case when arm = 'holdout' then revenue else 0 end) as holdout_revenue
    from converted
    group by campaign
    union all
    select * from totals

),

counts as (

    select
        arms.campaign,
        cast(sum(arms.treated) as bigint) as treated,
        cast(sum(arms.treated_converted) as bigint) as treated_converted,
        sum(arms.treated_revenue) as treated_revenue,
        cast(sum(arms.holdout) as bigint) as holdout,
        cast(sum(arms.holdout_converted) as bigint) as holdout_converted,
        sum(arms.holdout_revenue) as holdout_revenue
    from arms
    group by arms.campaign

),

measured as (

    select
        counts.*,
        read_dates.read_date,
        {{ share('counts.treated_converted', 'counts.treated') }} as treated_rate,
        {{ share('counts.holdout_converted', 'counts.holdout') }} as holdout_rate,
        {{ newcombe_below(
            'counts.treated_converted', 'counts.treated', 'counts.holdout_converted', 'counts.holdout'
        ) }} as below,
        {{ newcombe_above(
            'counts.treated_converted', 'counts.treated', 'counts.holdout_converted', 'counts.holdout'
        ) }} as above
    from counts
    inner join read_dates on counts.campaign = read_dates.campaign

),

-- the rate that is to be told from the holdout's: lift_to_see times as high
aimed as (

    select
        *,
        least({{ var('lift_to_see') }} * holdout_rate, 1) as aimed_rate
    from measured

),

-- contacts that each of two equal arms needs to see that in four of five cases, at 5 % false alarms; unequal
-- arms weigh as much as equal ones of their harmonic mean
sized as (

    select
        *,
        2 / (1 / nullif(cast(treated as double), 0) + 1 / nullif(cast(holdout as double), 0)) as sample_size,
        ceil(
            power(
                {{ z95() }} * sqrt((holdout_rate + aimed_rate) * (1 - (holdout_rate + aimed_rate) / 2))
                + 0.8416212335729143
                * sqrt(holdout_rate * (1 - holdout_rate) + aimed_rate * (1 - aimed_rate)),
                2
            ) / nullif(power(aimed_rate - holdout_rate, 2), 0)
        ) as sample_needed
    from aimed

)

select
    campaign,
    {{ as_of() }} as as_of,
    treated,
    treated_converted,
    holdout,
    holdout_converted,
    treated_rate,
    holdout_rate,
    round(treated_rate - holdout_rate, 6) as lift,
    round(treated_rate - holdout_rate - below, 6) as lift_low,
    round(treated_rate - holdout_rate + above, 6) as lift_high,
    case
        when read_date > {{ as_of_date() }} then 'inconclusive'
        when coalesce(sample_size < sample_needed, true) then 'inconclusive'
        when treated_rate - holdout_rate - below > 0 then 'better'
        when treated_rate - holdout_rate + above < 0 then 'worse'
        else 'no difference seen'
    end as verdict,
    read_date,
    cast(sample_needed as bigint) as sample_needed,
    cast(treated_revenue as decimal(18, 2)) as treated_revenue,
    cast(holdout_revenue as decimal(18, 2)) as holdout_revenue
from sized
