with

source as (

    select * from {{ source('rules', 'campaign_answers') }}

),

renamed as (

    select
        campaign,
        link,
        url,
        frequency,
        relevance,
        stays
    from source

)

select * from renamed
