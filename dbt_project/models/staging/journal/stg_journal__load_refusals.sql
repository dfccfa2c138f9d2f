with

source as (

    select * from {{ source('journal', 'load_refusals') }}

),

renamed as (

    select
        load_id,
        table_name,
        reason,
        rows_refused,
        contacts,
        as_of as loaded_as_of,
        recorded_at
    from source

)

select * from renamed
