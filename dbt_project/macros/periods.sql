{# Common table expressions that join covers (contact_id, starts_on, ends_on, lost_on) into unbroken periods
   (contact_id, starts_on, ends_on, lost_on, next_starts_on), the last of them named `periods`. A cover that begins
   on the day on which the last one ends continues it. `lost_on` is the furthest day that any signal so far keeps
   the contact from being lost. #}
{% macro periods_from(covers) %}
-- each cover once: two windows need not put equal rows in the same order
distinct_covers as (

    select
        contact_id,
        starts_on,
        ends_on,
        max(lost_on) as lost_on
    from {{ covers }}
    group by contact_id, starts_on, ends_on

),

reaches as (

    select
        *,
        max(ends_on) over (
            partition by contact_id
            order by starts_on, ends_on
            rows between unbounded preceding and 1 preceding
        ) as covered_until,
        max(lost_on) over (
            partition by contact_id
            order by starts_on, ends_on
            rows between unbounded preceding and current row
        ) as lost_on_so_far
    from distinct_covers

),

numbered as (

    select
        *,
        sum(case when covered_until is null or starts_on > covered_until then 1 else 0 end) over (
            partition by contact_id
            order by starts_on, ends_on
            rows between unbounded preceding and current row
        ) as period_number
    from reaches

),

joined as (

    select
        contact_id,
        period_number,
        min(starts_on) as starts_on,
        max(ends_on) as ends_on,
        max(lost_on_so_far) as lost_on
    from numbered
    group by contact_id, period_number

),

periods as (

    select
        contact_id,
        starts_on,
        ends_on,
        lost_on,
        lead(starts_on) over (partition by contact_id order by starts_on) as next_starts_on
    from joined

)
{% endmacro %}
