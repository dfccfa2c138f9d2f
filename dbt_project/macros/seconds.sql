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

{# Hours since 1970 at an instant, or so many seconds before it. #}
{% macro hour_number(instant, seconds_before=0) -%}
    cast(floor(
        ({{ seconds_between("cast('1970-01-01' as timestamp)", instant) }} - {{ seconds_before }}) / 3600
    ) as integer)
{%- endmacro %}
