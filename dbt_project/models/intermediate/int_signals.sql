{{ config(materialized='view') }}

-- what each contact did and when last, one row a signal, whether or not its line counts it
with

contacts as (

    select * from {{ ref('int_contacts') }}

),

activity as (

    select
        contact_id,
        'purchase' as signal,
        first_purchase_at as first_at,
        last_purchase_at as last_at
    from {{ ref('int_contact_orders') }}
    where last_purchase_at is not null
    union all
    select
        contact_id,
        'login' as signal,
        first_login_at as first_at,
        last_login_at as last_at
    from {{ ref('int_contact_logins') }}
    union all
    select
        contact_id,
        'click' as signal,
        first_click_at as first_at,
        last_click_at as last_at
    from {{ ref('int_contact_clicks') }}
    union all
    select
        contact_id,
        'open' as signal,
        first_open_at as first_at,
        last_open_at as last_at
    from {{ ref('int_contact_opens') }}

),

undated as (

    select contact_id from contacts
    where signed_up_at is null

),

earliest as (

    select
        contact_id,
        min(first_at) as first_at
    from activity
    where contact_id in (select undated.contact_id from undated)
    group by contact_id

),

-- without a date of its own, the sign-up is the earliest signal, else the first load
sign_ups as (

    select
        contacts.contact_id,
        'sign_up' as signal,
        coalesce(contacts.signed_up_at, earliest.first_at, contacts.first_loaded_at) as signed_up_at,
        coalesce(contacts.signed_up_at, earliest.first_at) is null as is_stand_in
    from contacts
    left join earliest on contacts.contact_id = earliest.contact_id

)

select
    contact_id,
    signal,
    signed_up_at as last_at,
    is_stand_in
from sign_ups
union all
select
    activity.contact_id,
    activity.signal,
    activity.last_at,
    false as is_stand_in
from activity
inner join contacts on activity.contact_id = contacts.contact_id
