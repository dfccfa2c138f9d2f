with

source as (

    select * from {{ source('journal', 'batch_contacts') }}

),

renamed as (

    select
        batch_key,
        campaign,
        enrolment,
        step,
        contact_id,
        as_of as planned_as_of,
        offer,
        offer_cost,
        outcome,
        outcome_why,
        recorded_at
    from source

)

select * from renamed
