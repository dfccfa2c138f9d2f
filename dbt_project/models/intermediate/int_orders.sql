{{ config(materialized='view') }}

with

orders as (

    select * from {{ ref('stg_crm__orders') }}

)

select
    order_id,
    contact_id,
    ordered_at,
    cast(ordered_at as date) as ordered_on,
    amount,
    currency,
    order_status,
    -- a cancelled or returned order is no purchase, nor is a refund booked as an order of its own
    order_status = 'paid' and amount >= 0 as is_purchase
from orders
where {{ visible('ordered_at') }}
