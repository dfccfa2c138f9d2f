with

source as (

    select * from {{ source('raw', 'crm_orders') }}

),

renamed as (

    select
        order_id,
        contact_id,
        ordered_at,
        amount,
        business_line,
        currency,
        coalesce(status, 'paid') as order_status,
        coupon,
        updated_at
    from source

)

select * from renamed
