with

source as (

    select * from {{ source('raw', 'crm_erasure_requests') }}

),

renamed as (

    select
        request_id,
        contact_id,
        lower(trim(email)) as email,
        requested_at,
        channel
    from source

)

select * from renamed
