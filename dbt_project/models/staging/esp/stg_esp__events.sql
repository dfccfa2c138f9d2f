with

source as (

    select * from {{ source('raw', 'esp_events') }}

),

renamed as (

    select
        esp,
        event_id,
        contact_id,
        campaign,
        batch_key,
        event,
        occurred_at,
        actor,
        url,
        load_id
    from source

)

select * from renamed
