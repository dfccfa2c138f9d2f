{# Whole calendar days from one date or instant to another. #}
{% macro days_between(earlier, later) -%}
    {{ adapter.dispatch('days_between', 'reveil')(earlier, later) }}
{%- endmacro %}

{% macro default__days_between(earlier, later) -%}
    datediff({{ later }}, {{ earlier }})
{%- endmacro %}

{% macro duckdb__days_between(earlier, later) -%}
    cast(date_diff('day', cast({{ earlier }} as date), cast({{ later }} as date)) as integer)
{%- endmacro %}

{# The date so many days after a date; both may be columns. #}
{% macro add_days(date, days) -%}
    {{ adapter.dispatch('add_days', 'reveil')(date, days) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    date_add({{ date }}, {{ days }})
{%- endmacro %}

{% macro duckdb__add_days(date, days) -%}
    (cast({{ date }} as date) + {{ days }})
{%- endmacro %}

{# The date so many months after a date, the last day of the month where the day does not exist. #}
{% macro add_months(date, months) -%}
    {{ adapter.dispatch('add_months', 'reveil')(date, months) }}
{%- endmacro %}

{% macro default__add_months(date, months) -%}
    add_months({{ date }}, {{ months }})
{%- endmacro %}

{% macro duckdb__add_months(date, months) -%}
    cast(cast({{ date }} as date) + to_months({{ months }}) as date)
{%- endmacro %}
