{# The instant that a build looks from, as a literal: nothing in a model asks for the current time. #}
{% macro as_of() -%}
    cast('{{ var("as_of") }}' as timestamp)
{%- endmacro %}

{% macro as_of_date() -%}
    cast('{{ var("as_of")[:10] }}' as date)
{%- endmacro %}

{# What occurred at or after the instant is not seen. #}
{% macro visible(occurred_at) -%}
    {{ occurred_at }} < {{ as_of() }}
{%- endmacro %}

{# How many rows are of the last so many days (of 24 hours) before the instant, and fulfil a condition. #}
{% macro count_within(days, occurred_at, condition='') -%}
    count(*) filter (
        where {{ condition ~ ' and ' if condition }}{{ occurred_at }} >= {{ dbt.dateadd('day', -days, as_of()) }}
    )
{%- endmacro %}
