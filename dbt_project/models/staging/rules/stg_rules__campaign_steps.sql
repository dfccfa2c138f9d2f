with

source as (

    select * from {{ source('rules', 'campaign_steps') }}

),

renamed as (

    select
        campaign,
        step,
        message,
        offer,
        offer_cost,
        wait_days,
        budget,
        currency
    from source

)

select * from renamed
