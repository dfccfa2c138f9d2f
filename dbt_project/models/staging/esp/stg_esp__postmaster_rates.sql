with

source as (

    select * from {{ source('raw', 'postmaster_rates') }}

),

renamed as (

    select
        day,
        domain,
        complaint_rate
    from source

)

select * from renamed
