{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_unless(ref('int_settled_signatures'), 'signature') }}",
) }}

-- unbroken periods in which a signal that counts was fresh, from signals before the part that every night
-- reads; kept per contact for as long as what they are made of is the same
with

signatures as (

    select * from {{ ref('int_settled_signatures') }}
    {%- if is_incremental() %}
    where contact_id not in (select kept.contact_id from {{ this }} as kept)
    {%- endif %}

),

-- of those only whose periods are to be made
orders as (

    select
        contact_id,
        ordered_at,
        ordered_on
    from {{ ref('int_orders') }}
    where
        is_purchase
        and ordered_at < {{ settled_until() }}
        {%- if is_incremental() %}
        and contact_id in (select signatures.contact_id from signatures)
        {%- endif %}

),

logins as (

    select
        contact_id,
        logged_in_at
    from {{ ref('int_logins') }}
    where
        logged_in_at < {{ settled_until() }}
        {%- if is_incremental() %}
        and contact_id in (select signatures.contact_id from signatures)
        {%- endif %}

),

stretches as (

    select
        contact_id,
        signal,
        cast(first_at as date) as first_on,
        cast(last_at as date) as last_on
    from {{ ref('int_settled_events') }}
    where signal in ('open', 'click')
    union all
    select
        contact_id,
        'purchase' as signal,
        min(ordered_on) as first_on,
        max(ordered_on) as last_on
    from orders
    group by contact_id, {{ stretch('ordered_at', 'purchase') }}
    union all
    select
        contact_id,
        'login' as signal,
        cast(min(logged_in_at) as date) as first_on,
        cast(max(logged_in_at) as date) as last_on
    from logins
    group by contact_id, {{ stretch('logged_in_at', 'login') }}
    union all
    select
        contact_id,
        signal,
        cast(last_at as date) as first_on,
        cast(last_at as date) as last_on
    from {{ ref('int_contact_signals') }}
    where
        signal = 'sign_up'
        and last_at < {{ settled_until() }}

),

covers as (

    select
        stretches.contact_id,
        stretches.first_on as starts_on,
        {{ add_days('stretches.last_on', 'signals.dormant_after_days') }} as ends_on,
        {{ add_days('stretches.last_on', 'signals.lost_after_days') }} as lost_on
    from stretches
    inner join signatures on stretches.contact_id = signatures.contact_id
    inner join {{ ref('int_contact_signals') }} as signals
        on
            stretches.contact_id = signals.contact_id
            and stretches.signal = signals.signal

),
{{ periods_from('covers') }}

select
    periods.contact_id,
    periods.starts_on,
    periods.ends_on,
    periods.lost_on,
    periods.next_starts_on,
    signatures.signature,
    '{{ var("rules_version") }}' as rules_version
from periods
inner join signatures on periods.contact_id = signatures.contact_id
