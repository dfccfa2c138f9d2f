with

source as (

    select * from {{ source('raw', 'crm_interactions') }}

),

renamed as (

    select
        contact_id,
        occurred_at as interacted_at,
        interaction
    from source

)

select * from renamed
