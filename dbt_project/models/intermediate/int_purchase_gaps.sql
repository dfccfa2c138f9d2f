{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_unless(ref('int_contact_orders'), 'purchases_fingerprint') }}",
) }}

-- kept per contact for as long as the contact's purchases are the same. A second purchase of a day has no gap
-- before it: that spares sorting the days out first.
-- depends_on: {{ ref('int_contact_orders') }}
with

purchases as (

    select
        contact_id,
        ordered_on
    from {{ ref('int_orders') }}
    where
        is_purchase
        {%- if is_incremental() %}
        and contact_id not in (select kept.contact_id from {{ this }} as kept)
        {%- endif %}

),

gaps as (

    select
        contact_id,
        ordered_on,
        nullif(
            {{ days_between(
                'lag(ordered_on) over (partition by contact_id order by ordered_on)', 'ordered_on'
            ) }},
            0
        ) as gap_days
    from purchases

)

select
    contact_id,
    {{ fingerprint_of_rows(['ordered_on']) }} as purchases_fingerprint,
    count(gap_days) + 1 as purchase_days,
    count(gap_days) as closed_gaps,
    {{ median_of('gap_days') }} as median_gap_days,
    '{{ var("rules_version") }}' as rules_version
from gaps
group by contact_id
