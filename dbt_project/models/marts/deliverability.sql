with

rates as (

    select * from {{ ref('int_sending_rates') }}

),

activity as (

    select * from {{ ref('int_daily_sends') }}

),

-- what was last said about the provider holds from that day on
states as (

    select * from {{ ref('int_guard_states') }}

),

ramps as (

    select * from {{ ref('sending_ramps') }}

),

{%- set limits = [
    'complaint_rate', 'esp_complaint_rate', 'reactivation_complaint_rate', 'hard_bounce_rate', 'soft_bounce_rate',
    'unsubscribe_rate', 'open_rate_share'
] %}

pivoted as (

    select
        provider,
        day
        {%- for limit in limits %},
        max(case when limit_name = '{{ limit }}' then rate end) as {{ limit }},
        max(case when limit_name = '{{ limit }}' then why end) as why_{{ limit }}
        {%- endfor %},
        max(case when limit_name = 'complaint_rate' then sent end) as sent,
        max(case when limit_name = 'complaint_rate' then delivered end) as delivered,
        max(case when limit_name = 'complaint_rate' then derived end) > 0 as is_derived,
        max(case when limit_name = 'complaint_rate' and is_postmaster then 1 else 0 end) = 1 as is_postmaster,
        max(case when is_judged then 1 else 0 end) = 1 as is_judged,
        max(case verdict when 'halt' then 2 when 'warn' then 1 else 0 end) as severity
    from rates
    group by provider, day

),

largest as (

    select
        pivoted.provider,
        pivoted.day,
        max(activity.sent) as largest_day
    from pivoted
    inner join activity
        on
            pivoted.provider = activity.provider
            and pivoted.day > activity.day
            and activity.day >= {{ add_days('pivoted.day', '-7') }}
    group by pivoted.provider, pivoted.day

),

decided as (

    select
        pivoted.*,
        largest.largest_day,
        states.change,
        states.why as change_why,
        states.is_automatic,
        states.changed_on,
        case
            when states.change = 'halt' or pivoted.severity = 2 then 'halt'
            when pivoted.severity = 1 then 'warn'
            else 'ok'
        end as verdict,
        coalesce(own_ramps.first_volume, other_ramps.first_volume) as first_volume,
        coalesce(own_ramps.daily_growth, other_ramps.daily_growth) as growth,
        case when own_ramps.provider is null then other_ramps.cap else own_ramps.cap end as cap
    from pivoted
    left join largest
        on
            pivoted.provider = largest.provider
            and pivoted.day = largest.day
    left join states
        on
            pivoted.provider = states.provider
            and pivoted.day >= states.changed_on
    left join ramps as own_ramps on pivoted.provider = own_ramps.provider
    left join ramps as other_ramps on other_ramps.provider = '*'

)

select
    day,
    provider,
    {{ as_of() }} as as_of,
    cast(sent as bigint) as sent,
    cast(delivered as bigint) as delivered,
    is_derived,
    complaint_rate,
    case when is_postmaster then 'postmaster' else 'esp' end as complaint_source,
    esp_complaint_rate,
    reactivation_complaint_rate,
    hard_bounce_rate,
    soft_bounce_rate,
    unsubscribe_rate,
    open_rate_share as open_rate,
    verdict,
    cast(
        case
            when verdict = 'halt' then 0
            when cap is not null
                then least(
                    cap,
                    greatest(
                        first_volume,
                        ceil(coalesce(largest_day, 0) * case when verdict = 'warn' then 1 else growth end)
                    )
                )
        end as bigint
    ) as allowed_volume,
    case
        when change = 'halt'
            then concat(
                case when is_automatic then 'halted since ' else 'halted by a person on ' end,
                cast(changed_on as string), ': ', change_why
            )
        when verdict <> 'ok'
            then concat_ws(
                '; '
                {%- for limit in limits %},
                why_{{ limit }}
                {%- endfor %}
            )
        when not is_judged
            then
                concat(
                    'only ', cast(delivered as string), ' messages delivered in the window: too few to judge'
                )
        else concat(cast(delivered as string), ' messages delivered in the window, no limit reached')
    end as why
from decided
