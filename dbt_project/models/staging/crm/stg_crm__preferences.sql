with

source as (

    select * from {{ source('raw', 'crm_preferences') }}

),

renamed as (

    select
        contact_id,
        set_at,
        frequency,
        relevance
    from source

)

select * from renamed
