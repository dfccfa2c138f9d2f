with

clicks as (

    select * from {{ ref('int_human_clicks') }}

)

select
    contact_id,
    {%- for days in var('recency_windows') %}
    {{ count_within(days, 'clicked_at') }} as clicks_{{ days }}d,
    {%- endfor %}
    min(clicked_at) as first_click_at,
    max(clicked_at) as last_click_at
from clicks
group by contact_id
