with

source as (

    select * from {{ source('rules', 'offers') }}

),

renamed as (

    select
        campaign,
        offer,
        cost,
        currency,
        valid_days,
        coupon,
        expected_redemption,
        budget
    from source

)

select * from renamed
