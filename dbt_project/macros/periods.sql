{# Common table expressions that join covers (contact_id, starts_on, ends_on, lost_on) into unbroken periods
   (contact_id, starts_on, ends_on, lost_on, next_starts_on), the last of them named `periods`. A cover that begins
   on the day on which the last one ends continues it. `lost_on` is the furthest day that any signal so far keeps
   the contact from being lost. #}
{% macro periods_from(covers) %}
-- how far the covers before each reach, and all of them
reaches as (

    select
        contact_id,
        starts_on,
        max(ends_on) over before_it as covered_until,
        max(lost_on) over before_it as lost_before,
        max(ends_on) over of_all as covered_at_last,
        max(lost_on) over of_all as lost_at_last
    from {{ covers }}
    window
        before_it as (
            partition by contact_id
            order by starts_on
            rows between unbounded preceding and 1 preceding
        ),
        of_all as (
            partition by contact_id
            order by starts_on
            rows between unbounded preceding and unbounded following
        )

),

-- of several covers that begin on the same day only the first can be past all before it
beginnings as (

    select * from reaches
    where
        covered_until is null
        or starts_on > covered_until

),

-- a period ends where what came before the next one ended
periods as (

    select
        contact_id,
        starts_on,
        coalesce(lead(covered_until) over following, covered_at_last) as ends_on,
        coalesce(lead(lost_before) over following, lost_at_last) as lost_on,
        lead(starts_on) over following as next_starts_on
    from beginnings
    window following as (partition by contact_id order by starts_on)

)
{% endmacro %}
