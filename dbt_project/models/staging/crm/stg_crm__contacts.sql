with

source as (

    select * from {{ source('raw', 'crm_contacts') }}

),

renamed as (

    select
        contact_id,
        normalised_email as email,
        first_name,
        last_name,
        country,
        language,
        business_line,
        contact_kind,
        signed_up_at,
        marketing_consent,
        marketing_consent_at,
        tracking_consent,
        tracking_consent_at,
        hold_until,
        hold_reason,
        updated_at,
        first_loaded_at
    from source

)

select * from renamed
