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
        when coalesce(min(currency) = max(currency), true)
            then sum(amount) filter (where is_purchase or amount < 0)
    end as spend,
    case when min(currency) = max(currency) then min(currency) end as currency,
    -- what the gaps between purchases, and the settled part of the contact's history, were made of
    {{ fingerprint_of_rows(['ordered_on'], 'is_purchase') }} as purchases_fingerprint,
    {{ fingerprint_of_rows(
        ['ordered_on'], 'is_purchase and ordered_at < ' ~ settled_until()
    ) }} as settled_fingerprint
from orders
group by contact_id
