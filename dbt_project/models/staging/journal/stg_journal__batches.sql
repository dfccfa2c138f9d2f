with

source as (

    select * from {{ source('journal', 'batches') }}

),

renamed as (

    select
        batch_key,
        campaign,
        step,
        message,
        language,
        as_of as planned_as_of,
        n as batch_number,
        esp,
        planned as planned_contacts,
        file_digest,
        is_canary,
        recorded_at
    from source

)

select * from renamed
