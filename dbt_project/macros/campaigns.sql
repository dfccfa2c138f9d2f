{# The instant so many days of 24 hours after another; the days may be a column. #}
{% macro days_later(instant, days) -%}
    {{ adapter.dispatch('days_later', 'reveil')(instant, days) }}
{%- endmacro %}

{% macro default__days_later(instant, days) -%}
    ({{ instant }} + make_dt_interval({{ days }}))
{%- endmacro %}

{% macro duckdb__days_later(instant, days) -%}
    ({{ instant }} + to_days({{ days }}))
{%- endmacro %}

{# A number from 0 up to 1 that a text always gets, spread evenly: the first 32 bits of its MD5. #}
{% macro share_of(text) -%}
    {{ adapter.dispatch('share_of', 'reveil')(text) }}
{%- endmacro %}

{% macro default__share_of(text) -%}
    (cast(conv(substring(md5({{ text }}), 1, 8), 16, 10) as double) / 4294967296)
{%- endmacro %}

{% macro duckdb__share_of(text) -%}
    (cast(concat('0x', substring(md5({{ text }}), 1, 8)) as bigint) / 4294967296.0)
{%- endmacro %}
