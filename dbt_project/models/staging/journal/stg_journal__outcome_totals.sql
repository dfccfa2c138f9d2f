with

source as (

    select * from {{ source('journal', 'outcome_totals') }}

),

renamed as (

    select
        campaign,
        step,
        measure,
        total
    from source

)

select * from renamed
