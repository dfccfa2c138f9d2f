with

source as (

    select * from {{ source('rules', 'campaign_steps') }}

),

renamed as (

    select
        campaign,
        step,
        message,
        wait_days,
        offer,
        offer_cost,
        budget,
        currency
    from source

)

select * from renamed
