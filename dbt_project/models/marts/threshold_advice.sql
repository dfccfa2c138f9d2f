-- The Kaplan-Meier curve of each business line: of the gaps that lasted at least so many days, the share that
-- did not end on that day, multiplied up. Open gaps count for as long as they have lasted, so that slow
-- customers are not forgotten (docs/decisions/0020-advice-knows-open-gaps.md).
with

gap_lengths as (

    select * from {{ ref('int_gap_lengths') }}

),

business_lines as (

    select distinct business_line from {{ ref('int_contacts') }}

),

at_risk as (

    select
        *,
        sum(closed_gaps + open_gaps) over (
            partition by business_line
            order by gap_days desc
            rows between unbounded preceding and current row
        ) as gaps_at_risk
    from gap_lengths

),

curves as (

    select
        business_line,
        gap_days,
        closed_gaps,
        open_gaps,
        exp(sum(
            case
                when closed_gaps < gaps_at_risk then ln(gaps_at_risk - closed_gaps) - ln(gaps_at_risk)
                -- every gap that lasted so long ended here; the logarithm of 0 is not a number
                else -1000000
            end
        ) over (
            partition by business_line
            order by gap_days
            rows between unbounded preceding and current row
        )) as share_open
    from at_risk

),

-- a product of shares that should be exactly 0.5 may come out a hair above it
quantiles as (

    select
        business_line,
        sum(closed_gaps) as closed_gaps,
        sum(open_gaps) as open_gaps,
        min(case when share_open <= 0.5 + 1e-9 then gap_days end) as p50_days,
        min(case when share_open <= 0.2 + 1e-9 then gap_days end) as p80_days,
        min(case when share_open <= 0.1 + 1e-9 then gap_days end) as p90_days,
        min(case when share_open <= 0.05 + 1e-9 then gap_days end) as p95_days,
        min(
            case when share_open <= 1 - {{ var('advised_share') }} + 1e-9 then gap_days end
        ) as dormant_after_days
    from curves
    group by business_line

)

select
    business_lines.business_line,
    {{ as_of() }} as as_of,
    cast(coalesce(quantiles.closed_gaps, 0) as bigint) as closed_gaps,
    cast(coalesce(quantiles.open_gaps, 0) as bigint) as open_gaps,
    cast(quantiles.p50_days as integer) as p50_days,
    cast(quantiles.p80_days as integer) as p80_days,
    cast(quantiles.p90_days as integer) as p90_days,
    cast(quantiles.p95_days as integer) as p95_days,
    cast(quantiles.dormant_after_days as integer) as dormant_after_days
from business_lines
left join quantiles on business_lines.business_line = quantiles.business_line
