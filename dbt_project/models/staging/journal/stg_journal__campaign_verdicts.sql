with

source as (

    select * from {{ source('journal', 'campaign_verdicts') }}

),

renamed as (

    select
        campaign,
        file_digest,
        verdict,
        why,
        as_of as judged_as_of
    from source

)

select * from renamed
