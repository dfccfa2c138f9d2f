with

recent as (

    select * from {{ ref('int_recent_signals') }}
    where signal = 'open'

),

settled as (

    select * from {{ ref('int_settled_events') }}
    where signal = 'open'

),

stretches as (

    select
        contact_id,
        {%- for days in var('recency_windows') %}
        within_{{ days }}d,
        {%- endfor %}
        first_at,
        last_at
    from recent
    union all
    select
        contact_id,
        {%- for days in var('recency_windows') %}
        0 as within_{{ days }}d,
        {%- endfor %}
        first_at,
        last_at
    from settled

)

select
    contact_id,
    {%- for days in var('recency_windows') %}
    cast(sum(within_{{ days }}d) as bigint) as opens_{{ days }}d,
    {%- endfor %}
    min(first_at) as first_open_at,
    max(last_at) as last_open_at
from stretches
group by contact_id
