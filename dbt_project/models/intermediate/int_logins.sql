{{ config(materialized='view') }}

with

logins as (

    select * from {{ ref('stg_crm__logins') }}

)

select
    contact_id,
    logged_in_at
from logins
where {{ visible('logged_in_at') }}
