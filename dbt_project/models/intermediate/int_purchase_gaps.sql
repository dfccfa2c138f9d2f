{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_unless(ref('int_contact_orders'), 'purchases_fingerprint') }}",
) }}

-- kept per contact for as long as the contact's purchases are the same
with

contacts as (

    select
        contact_id,
        purchases_fingerprint
    from {{ ref('int_contact_orders') }}
    where
        purchases_fingerprint is not null
        {%- if is_incremental() %}
        and contact_id not in (select kept.contact_id from {{ this }} as kept)
        {%- endif %}

),

purchase_days as (

    select distinct
        orders.contact_id,
        orders.ordered_on,
        contacts.purchases_fingerprint
    from {{ ref('int_orders') }} as orders
    inner join contacts on orders.contact_id = contacts.contact_id
    where orders.is_purchase

),

gaps as (

    select
        contact_id,
        purchases_fingerprint,
        {{ days_between(
            'lag(ordered_on) over (partition by contact_id order by ordered_on)', 'ordered_on'
        ) }} as gap_days
    from purchase_days

)

select
    contact_id,
    purchases_fingerprint,
    count(*) as purchase_days,
    count(gap_days) as closed_gaps,
    {{ median_of('gap_days') }} as median_gap_days,
    '{{ var("rules_version") }}' as rules_version
from gaps
group by contact_id, purchases_fingerprint
