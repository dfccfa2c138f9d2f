with

source as (

    select * from {{ source('journal', 'guard_changes') }}

),

renamed as (

    select
        provider,
        change,
        why,
        is_automatic,
        as_of as changed_as_of,
        recorded_at
    from source

)

select * from renamed
