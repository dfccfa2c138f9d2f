with

opens as (

    select * from {{ ref('int_human_opens') }}

)

select
    contact_id,
    {%- for days in var('recency_windows') %}
    {{ count_within(days, 'opened_at') }} as opens_{{ days }}d,
    {%- endfor %}
    min(opened_at) as first_open_at,
    max(opened_at) as last_open_at
from opens
group by contact_id
