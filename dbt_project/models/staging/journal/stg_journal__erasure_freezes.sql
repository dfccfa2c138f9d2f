with

source as (

    select * from {{ source('journal', 'erasure_freezes') }}

),

renamed as (

    select
        run_id,
        contact_id,
        reason,
        as_of as frozen_as_of,
        recorded_at
    from source

)

select * from renamed
