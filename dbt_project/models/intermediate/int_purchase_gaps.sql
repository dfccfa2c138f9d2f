with

purchase_days as (

    select distinct
        contact_id,
        ordered_on
    from {{ ref('int_orders') }}
    where is_purchase

),

gaps as (

    select
        contact_id,
        {{ days_between(
            'lag(ordered_on) over (partition by contact_id order by ordered_on)', 'ordered_on'
        ) }} as gap_days
    from purchase_days

)

select
    contact_id,
    count(*) as purchase_days,
    count(gap_days) as closed_gaps,
    {{ median_of('gap_days') }} as median_gap_days
from gaps
group by contact_id
