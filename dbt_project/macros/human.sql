{# A person opened: only what the provider marked human. `unknown` (Apple's privacy proxy among others) and
   unmarked opens do not count, for an open costs a machine nothing. #}
{% macro is_human_open(event, actor) -%}
    {{ event }} = 'opened' and {{ actor }} = 'human'
{%- endmacro %}

{# A person clicked: marked human, or not marked at all by a provider that marks nothing. `unknown` means that
   the provider had doubts, so it does not count. A click on an unsubscribe link is no sign of interest. #}
{% macro is_human_click(event, actor, url) -%}
    {{ event }} = 'clicked'
    and coalesce({{ actor }}, 'human') = 'human'
    {%- for pattern in var('unsubscribe_url_patterns') %}
    and lower(coalesce({{ url }}, '')) not like '{{ pattern }}'
    {%- endfor %}
{%- endmacro %}

{# What ends all sending to a mailbox. The comparisons say nothing new, but a scan applies them before it decodes the
   other columns, which it does not do with `in`: a quarter of such a read. #}
{% macro is_refusal(event) -%}
    {{ event }} in ('unsubscribed', 'complained', 'bounced_hard')
    and {{ event }} <> 'delivered'
    and {{ event }} <> 'opened'
    and {{ event }} <> 'clicked'
{%- endmacro %}
