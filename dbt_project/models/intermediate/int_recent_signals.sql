-- signals of the part that every night reads: first and last of each stretch, and how many in each window
{%- set sources = {
    'open': (ref('int_human_opens'), 'opened_at', 'true'),
    'click': (ref('int_human_clicks'), 'clicked_at', 'true'),
    'purchase': (ref('int_orders'), 'ordered_at', 'is_purchase'),
    'login': (ref('int_logins'), 'logged_in_at', 'true'),
} %}
{%- for signal, (relation, acted_at, condition) in sources.items() %}
select
    contact_id,
    '{{ signal }}' as signal,
    {{ stretch(acted_at, signal) }} as stretch,
    {%- for days in var('recency_windows') %}
    {{ count_within(days, acted_at) }} as within_{{ days }}d,
    {%- endfor %}
    min({{ acted_at }}) as first_at,
    max({{ acted_at }}) as last_at
from {{ relation }}
where
    {{ acted_at }} >= {{ settled_until() }}
    and {{ condition }}
group by 1, 2, 3
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
