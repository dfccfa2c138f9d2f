with

source as (

    select * from {{ source('raw', 'esp_sends') }}

),

renamed as (

    select
        esp,
        batch_key,
        campaign,
        step,
        contact_id,
        sent_at,
        load_id
    from source

)

select * from renamed
