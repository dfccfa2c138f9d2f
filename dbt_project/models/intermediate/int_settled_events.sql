{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_settled_events() }}",
    post_hook="{{ forget_state_before() }}",
) }}

-- Events before the part that every night reads, folded: per contact the unbroken runs of opens and
-- clicks, and the refusals; and one row of nobody's, `all_rows`: how many raw rows there were, with their
-- fingerprint. The build compares that with the raw rows each night; where they differ, all of it is made
-- anew.
with
{%- if is_settling() %}

consenting as (

    select contact_id from {{ ref('stg_crm__contacts') }}
    where tracking_consent

),

-- one aggregate a signal: quicker than one of all
stretches as (

    select
        contact_id,
        'open' as signal,
        min(opened_at) as first_at,
        max(opened_at) as last_at
    from {{ ref('int_human_opens') }}
    where opened_at < {{ settled_until() }}
    group by contact_id, {{ stretch('opened_at', 'open') }}
    having contact_id in (select consenting.contact_id from consenting)
    union all
    select
        contact_id,
        'click' as signal,
        min(clicked_at) as first_at,
        max(clicked_at) as last_at
    from {{ ref('int_human_clicks') }}
    where clicked_at < {{ settled_until() }}
    group by contact_id, {{ stretch('clicked_at', 'click') }}
    union all
    select
        contact_id,
        event as signal,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from {{ ref('stg_esp__events') }}
    where
        {{ is_refusal('event') }}
        and occurred_at >= {{ events_from() }}
        and occurred_at < {{ settled_until() }}
    group by contact_id, event
    {%- if is_incremental() %}
    union all
    select
        contact_id,
        signal,
        first_at,
        last_at
    from {{ this }}
    where signal <> 'all_rows'
    {%- endif %}

),

followed as (

    select
        *,
        lag(last_at) over (partition by contact_id, signal order by first_at) as before_at,
        max(last_at) over (
            partition by contact_id, signal
            order by first_at
            rows between unbounded preceding and unbounded following
        ) as last_of_all
    from stretches

),

beginnings as (

    select * from followed
    where
        before_at is null
        or (signal = 'open' and {{ days_between('before_at', 'first_at') }} > {{ shortest_cover('open') }})
        or (signal = 'click' and {{ days_between('before_at', 'first_at') }} > {{ shortest_cover('click') }})

),

raw_rows as (

    select
        occurred_at,
        load_id
    from {{ ref('stg_esp__events') }}
    where occurred_at < {{ settled_until() }}
    union all
    select
        sent_at as occurred_at,
        load_id
    from {{ ref('stg_esp__sends') }}
    where sent_at < {{ settled_until() }}

),

folded as (

    select
        contact_id,
        signal,
        first_at,
        coalesce(
            lead(before_at) over (partition by contact_id, signal order by first_at), last_of_all
        ) as last_at,
        0 as row_count,
        0 as row_fingerprint
    from beginnings
    union all
    select
        cast(null as string) as contact_id,
        'all_rows' as signal,
        cast(null as timestamp) as first_at,
        cast(null as timestamp) as last_at,
        count(*) as row_count,
        coalesce({{ fingerprint_of_rows(['occurred_at', 'load_id']) }}, 0) as row_fingerprint
    from raw_rows

)
{%- else %}

-- what is settled still holds: nothing is added
folded as (

    select
        contact_id,
        event as signal,
        occurred_at as first_at,
        occurred_at as last_at,
        0 as row_count,
        0 as row_fingerprint
    from {{ ref('stg_esp__events') }}
    where occurred_at < cast('1900-01-01' as date) and occurred_at > cast('1900-01-01' as date)

)
{%- endif %}

select
    contact_id,
    signal,
    first_at,
    last_at,
    cast(row_count as bigint) as row_count,
    cast(row_fingerprint as bigint) as row_fingerprint,
    {{ settled_until() }} as settled_until,
    '{{ var("rules_version") }}' as rules_version
from folded
