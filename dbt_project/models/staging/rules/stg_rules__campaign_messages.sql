with

source as (

    select * from {{ source('rules', 'campaign_messages') }}

),

renamed as (

    select
        campaign,
        message,
        language,
        digest
    from source

)

select * from renamed
