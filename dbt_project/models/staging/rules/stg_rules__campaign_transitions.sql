with

source as (

    select * from {{ source('rules', 'campaign_transitions') }}

),

renamed as (

    select
        campaign,
        step,
        reaction,
        next_step,
        exit,
        otherwise_step,
        otherwise_exit
    from source

)

select * from renamed
