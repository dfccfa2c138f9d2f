with

source as (

    select * from {{ source('journal', 'budget_entries') }}

),

renamed as (

    select
        budget,
        batch_key,
        contact_id,
        amount,
        currency,
        entry,
        as_of as planned_as_of,
        recorded_at
    from source

)

select * from renamed
