with

source as (

    select * from {{ source('journal', 'enrolments') }}

),

renamed as (

    select
        campaign,
        enrolment,
        contact_id,
        arm,
        as_of as enrolled_as_of,
        closes_on,
        file_digest,
        recorded_at
    from source

)

select * from renamed
