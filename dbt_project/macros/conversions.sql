{# Common table expressions from the journal's enrolments to `converted`: one row an enrolment that the lift counts
   (campaign, enrolment, contact_id, arm, converted, revenue), and `read_dates` and `erased` on the way. The lift sums
   them up; an erasure notes what its contacts contributed before their rows go. #}
{% macro conversions() %}
enrolments as (

    select * from {{ ref('stg_journal__enrolments') }}
    where {{ visible('enrolled_as_of') }}

),

campaigns as (

    select * from {{ ref('stg_rules__campaigns') }}

),

orders as (

    select * from {{ ref('int_orders') }}
    where is_purchase

),

-- erased contacts count on, as numbers without a key
erased as (

    select * from {{ ref('stg_journal__outcome_totals') }}

),

first_days as (

    select
        campaign,
        min(first_day) as first_day
    from (
        select
            campaign,
            cast(enrolled_as_of as date) as first_day
        from enrolments
        union all
        select
            campaign,
            {{ add_days("cast('1970-01-01' as date)", 'cast(total as integer)') }} as first_day
        from erased
        where measure = 'first_enrolled_day'
    ) as days
    group by campaign

),

-- the day that is read on, and never after: what comes later changes no verdict
read_dates as (

    select
        campaigns.campaign,
        campaigns.conversion_days,
        coalesce(
            campaigns.read_on,
            {{ add_days('first_days.first_day', 'campaigns.conversion_days') }}
        ) as read_date
    from campaigns
    inner join first_days on campaigns.campaign = first_days.campaign

),

-- an arm is what was drawn, whatever became of the message
converted as (

    select
        enrolments.campaign,
        enrolments.enrolment,
        enrolments.contact_id,
        enrolments.arm,
        max(case when orders.contact_id is null then 0 else 1 end) as converted,
        coalesce(sum(orders.amount), 0) as revenue
    from enrolments
    inner join read_dates
        on
            enrolments.campaign = read_dates.campaign
            and enrolments.enrolled_as_of < read_dates.read_date
    left join orders
        on
            enrolments.contact_id = orders.contact_id
            and enrolments.enrolled_as_of <= orders.ordered_at
            and {{ days_later('enrolments.enrolled_as_of', 'read_dates.conversion_days') }}
            > orders.ordered_at
            and read_dates.read_date > orders.ordered_at
    group by enrolments.campaign, enrolments.enrolment, enrolments.contact_id, enrolments.arm

)
{% endmacro %}
