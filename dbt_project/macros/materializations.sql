{# Tables and views on DuckDB: the old one goes and the new one comes in one transaction, under its own name. dbt's own way, which
   other engines keep, builds beside and renames twice; that and the questions before it cost a third of
   a small model. A model that fails leaves the old one. #}
{% materialization table, adapter='duckdb' -%}
    {{ replace_relation(create_table_as(False, this.incorporate(type='table'), compiled_code)) }}
    {{ return({'relations': [this.incorporate(type='table')]}) }}
{%- endmaterialization %}

{% materialization view, adapter='duckdb' -%}
    {{ replace_relation(create_view_as(this.incorporate(type='view'), compiled_code)) }}
    {{ return({'relations': [this.incorporate(type='view')]}) }}
{%- endmaterialization %}

{% macro replace_relation(create_statement) -%}
    {%- set existing = load_cached_relation(this) %}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {% if existing is not none %}drop {{ existing.type }} {{ existing }};{% endif %}
        {{ create_statement }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
{%- endmacro %}
