with

contacts as (

    select * from {{ ref('int_contacts') }}

),

opens as (

    select * from {{ ref('int_contact_opens') }}

),

clicks as (

    select * from {{ ref('int_contact_clicks') }}

),

orders as (

    select * from {{ ref('int_contact_orders') }}

),

gaps as (

    select * from {{ ref('int_purchase_gaps') }}

),

logins as (

    select * from {{ ref('int_contact_logins') }}

)

select
    contacts.contact_id,
    {{ as_of() }} as as_of,
    contacts.business_line,
    contacts.contact_kind,
    contacts.country,
    contacts.provider,
    contacts.signed_up_at,
    opens.last_open_at,
    clicks.last_click_at,
    orders.first_purchase_at,
    orders.last_purchase_at,
    logins.last_login_at,
    {{ days_between('opens.last_open_at', as_of_date()) }} as days_since_open,
    {{ days_between('clicks.last_click_at', as_of_date()) }} as days_since_click,
    {{ days_between('orders.last_purchase_at', as_of_date()) }} as days_since_purchase,
    {{ days_between('logins.last_login_at', as_of_date()) }} as days_since_login,
    {{ days_between('contacts.signed_up_at', as_of_date()) }} as days_since_sign_up,
    {%- for signal in ['opens', 'clicks', 'purchases', 'logins'] %}
    {%- set counted_in = 'orders' if signal == 'purchases' else signal %}
    {%- for days in var('recency_windows') %}
    coalesce({{ counted_in }}.{{ signal }}_{{ days }}d, 0) as {{ signal }}_{{ days }}d,
    {%- endfor %}
    {%- endfor %}
    coalesce(orders.order_count, 0) as order_count,
    coalesce(gaps.purchase_days, 0) as purchase_days,
    cast(orders.spend as decimal(18, 2)) as spend,
    orders.currency,
    cast(gaps.median_gap_days as double) as median_gap_days,
    coalesce(gaps.closed_gaps, 0) as closed_gaps
from contacts
left join opens on contacts.contact_id = opens.contact_id
left join clicks on contacts.contact_id = clicks.contact_id
left join orders on contacts.contact_id = orders.contact_id
left join gaps on contacts.contact_id = gaps.contact_id
left join logins on contacts.contact_id = logins.contact_id
