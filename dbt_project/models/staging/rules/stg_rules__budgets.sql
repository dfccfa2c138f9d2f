with

source as (

    select * from {{ source('rules', 'budgets') }}

),

renamed as (

    select
        budget,
        amount,
        currency,
        period
    from source

)

select * from renamed
