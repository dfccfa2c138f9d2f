with

orders as (

    select * from {{ ref('int_orders') }}

)

select
    contact_id,
    {%- for days in var('recency_windows') %}
    {{ count_within(days, 'ordered_at', 'is_purchase') }} as purchases_{{ days }}d,
    {%- endfor %}
    -- the retention clock counts any order, whatever became of it
    max(ordered_at) as last_order_at,
    min(ordered_at) filter (where is_purchase) as first_purchase_at,
    max(ordered_at) filter (where is_purchase) as last_purchase_at,
    count(*) filter (where is_purchase) as order_count,
    -- a negative amount is a refund; amounts of several currencies cannot be added up
    case
        when count(distinct currency) <= 1
            then sum(amount) filter (where is_purchase or amount < 0)
    end as spend,
    case when count(distinct currency) = 1 then min(currency) end as currency
from orders
group by contact_id
