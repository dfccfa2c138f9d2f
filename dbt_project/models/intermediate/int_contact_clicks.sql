with

recent as (

    select * from {{ ref('int_recent_signals') }}
    where signal = 'click'

),

settled as (

    select * from {{ ref('int_settled_events') }}
    where signal = 'click'

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
    cast(sum(within_{{ days }}d) as bigint) as clicks_{{ days }}d,
    {%- endfor %}
    min(first_at) as first_click_at,
    max(last_at) as last_click_at
from stretches
group by contact_id
