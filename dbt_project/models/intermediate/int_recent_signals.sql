-- signals of the part that every night reads: first and last of each stretch, and how many in each window
{%- set sources = {
    'open': (ref('int_human_opens'), 'opened_at', 'true'),
    'click': (ref('int_human_clicks'), 'clicked_at', 'true'),
    'purchase': (ref('int_orders'), 'ordered_at', 'is_purchase'),
    'login': (ref('int_logins'), 'logged_in_at', 'true'),
} %}
with

consenting as (

    select contact_id from {{ ref('stg_crm__contacts') }}
    where tracking_consent

),

stretches as (
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
    group by contact_id, {{ stretch(acted_at, signal) }}
    {%- if signal == 'open' %}
    having contact_id in (select consenting.contact_id from consenting)
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

)

select * from stretches
