with

source as (

    select * from {{ source('rules', 'campaigns') }}

),

renamed as (

    select
        campaign,
        audience,
        is_enabled,
        first_step,
        max_per_night,
        default_language
    from source

)

select * from renamed
