with

source as (

    select * from {{ source('rules', 'campaigns') }}

),

renamed as (

    select
        campaign,
        audience,
        is_enabled,
        first_step,
        max_per_night,
        default_language,
        max_messages,
        cool_off_days,
        holdout_share,
        salt,
        observation_days,
        unknown_opens,
        conversion_days,
        read_on,
        path_days,
        erases_early,
        file_digest,
        approve_above_contacts,
        approve_above_cost
    from source

)

select * from renamed
