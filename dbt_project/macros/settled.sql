{# A night reads the events of the last year or so; what is older is settled: folded into one row a contact and
   unbroken run of a signal (docs/decisions/0022-a-night-does-not-pay-for-history.md). `reveil build` says with two variables where the
   line is drawn; by default nothing is settled, and the same rows come out.

   settled_until  the day on which the part begins that every night reads anew
   events_from    the day from which events must be read tonight: the same day while what is settled still holds,
                  an earlier one when a month is to be settled, the first of days when all of it is to be made anew #}
{% macro settled_until() -%}
    cast('{{ var("settled_until") }}' as date)
{%- endmacro %}

{% macro events_from() -%}
    cast('{{ var("events_from") }}' as date)
{%- endmacro %}

{% macro is_settling() -%}
    {{ return(var("events_from") < var("settled_until")) }}
{%- endmacro %}

{# Rows of `since` and later, and those of campaigns whatever their age; as two reads, for with an `or` the engine could
   not skip what is older. #}
{% macro recent_or_of_campaigns(relation, at, since) -%}
    (
        select * from {{ relation }}
        where {{ at }} >= {{ since }}
        union all
        select * from {{ relation }}
        where {{ at }} < {{ since }} and batch_key is not null
    ) as recent_or_of_campaigns
{%- endmacro %}

{# A number that differs where the values do. #}
{% macro fingerprint(columns) -%}
    {{ adapter.dispatch('fingerprint', 'reveil')(columns) }}
{%- endmacro %}

{% macro default__fingerprint(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}

{% macro duckdb__fingerprint(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{# The same of a group of rows, whatever their order: a row more, less or changed makes another number. Null without
   rows. #}
{% macro fingerprint_of_rows(columns, condition='') -%}
    {{ adapter.dispatch('fingerprint_of_rows', 'reveil')(columns, condition) }}
{%- endmacro %}

{% macro default__fingerprint_of_rows(columns, condition) -%}
    sum(pmod(xxhash64({{ columns | join(', ') }}), 2147483648)){{ ' filter (where ' ~ condition ~ ')' if condition }}
{%- endmacro %}

{% macro duckdb__fingerprint_of_rows(columns, condition) -%}
    cast(sum(cast(hash({{ columns | join(', ') }}) % 2147483648 as integer)){{ ' filter (where ' ~ condition ~ ')' if condition }} as bigint)
{%- endmacro %}

{# Days numbered in stretches no longer than the shortest threshold of the signal: two signals of one stretch are
   never so far apart that a status could change between them, so the first and the last of a stretch tell all. #}
{% macro stretch(occurred_at, signal) -%}
    cast(floor({{ days_between("cast('1970-01-01' as date)", occurred_at) }} / {{ shortest_cover(signal) }}) as integer)
{%- endmacro %}

{% macro shortest_cover(signal) -%}
    {{ return(var('shortest_cover_days')[signal]) }}
{%- endmacro %}

{# Hooks of the models that are kept from night to night: what no longer holds is removed, then the model adds what
   is missing. A first or full build has nothing to remove. #}
{% macro forget(condition) -%}
    {% if is_incremental() %}delete from {{ this }} where {{ condition }}{% else %}select 1{% endif %}
{%- endmacro %}

{# Everything, when all is settled anew. #}
{% macro forget_settled_events() -%}
    {{ forget(var('events_from') == var('nothing_settled')) }}
{%- endmacro %}

{# The state from which a month more was settled. #}
{% macro forget_state_before() -%}
    {{ forget('settled_until < ' ~ settled_until()) }}
{%- endmacro %}

{# Rows made by other rules, and of contacts whose fingerprint in another model is not the row's any more. #}
{% macro forget_unless(relation, fingerprint) -%}
    {{ forget(
        "rules_version <> '" ~ var('rules_version') ~ "' or "
        ~ 'not exists (select 1 from ' ~ relation ~ ' as known where known.contact_id = ' ~ this ~ '.contact_id and known.'
        ~ fingerprint ~ ' = ' ~ this ~ '.' ~ fingerprint ~ ')'
    ) }}
{%- endmacro %}
