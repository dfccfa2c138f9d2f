{# The Wilson interval of a proportion, and Newcombe's of a difference of two (method 10, Wilson limits combined), at 95 %.
   Counts are cast, so that no engine divides whole numbers. #}
{% macro z95() -%}
    cast(1.959963984540054 as double)
{%- endmacro %}

{% macro share(count, total) -%}
    (cast({{ count }} as double) / nullif(cast({{ total }} as double), 0))
{%- endmacro %}

{% macro wilson(count, total, sign) -%}
    (
        (
            2 * cast({{ count }} as double) + {{ z95() }} * {{ z95() }}
            {{ sign }} {{ z95() }} * sqrt(
                {{ z95() }} * {{ z95() }}
                + 4 * cast({{ count }} as double) * (1 - {{ share(count, total) }})
            )
        ) / (2 * (nullif(cast({{ total }} as double), 0) + {{ z95() }} * {{ z95() }}))
    )
{%- endmacro %}

{# The distance from the difference to its lower limit. #}
{% macro newcombe_below(count, total, other_count, other_total) -%}
    sqrt(
        power({{ share(count, total) }} - {{ wilson(count, total, '-') }}, 2)
        + power({{ wilson(other_count, other_total, '+') }} - {{ share(other_count, other_total) }}, 2)
    )
{%- endmacro %}

{# The distance from the difference to its upper limit. #}
{% macro newcombe_above(count, total, other_count, other_total) -%}
    sqrt(
        power({{ wilson(count, total, '+') }} - {{ share(count, total) }}, 2)
        + power({{ share(other_count, other_total) }} - {{ wilson(other_count, other_total, '-') }}, 2)
    )
{%- endmacro %}
