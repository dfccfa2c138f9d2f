with

source as (

    select * from {{ source('raw', 'crm_logins') }}

),

renamed as (

    select
        contact_id,
        logged_in_at
    from source

)

select * from renamed
