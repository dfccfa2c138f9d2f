{# Seconds from one instant to a later one, fractions included. #}
{% macro seconds_between(earlier, later) -%}
    {{ adapter.dispatch('seconds_between', 'reveil')(earlier, later) }}
{%- endmacro %}

{% macro default__seconds_between(earlier, later) -%}
    (cast({{ later }} as double) - cast({{ earlier }} as double))
{%- endmacro %}

{% macro duckdb__seconds_between(earlier, later) -%}
    (epoch({{ later }}) - epoch({{ earlier }}))
{%- endmacro %}
