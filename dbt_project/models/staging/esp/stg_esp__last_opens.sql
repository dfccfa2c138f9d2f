with

source as (

    select * from {{ source('raw', 'last_opens') }}

),

renamed as (

    select
        contact_id,
        last_open_date
    from source

)

select * from renamed
