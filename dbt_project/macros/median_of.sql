{% macro median_of(expression) -%}
    {{ adapter.dispatch('median_of', 'reveil')(expression) }}
{%- endmacro %}

{% macro default__median_of(expression) -%}
    percentile({{ expression }}, 0.5)
{%- endmacro %}

{% macro duckdb__median_of(expression) -%}
    median({{ expression }})
{%- endmacro %}
