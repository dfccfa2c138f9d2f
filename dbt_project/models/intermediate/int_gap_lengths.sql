-- how many purchase gaps of each length every business line has: closed ones ended with the next purchase,
-- open ones (from the last purchase day to the day of the instant) have lasted so long already
with

purchase_days as (

    select distinct
        contact_id,
        ordered_on
    from {{ ref('int_orders') }}
    where is_purchase

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

closed as (

    select
        contact_id,
        {{ days_between(
            'lag(ordered_on) over (partition by contact_id order by ordered_on)', 'ordered_on'
        ) }} as gap_days
    from purchase_days

),

last_days as (

    select
        contact_id,
        max(ordered_on) as ordered_on
    from purchase_days
    group by contact_id

),

gaps as (

    select
        contact_id,
        gap_days,
        1 as is_closed
    from closed
    where gap_days is not null
    union all
    select
        contact_id,
        {{ days_between('ordered_on', as_of_date()) }} as gap_days,
        0 as is_closed
    from last_days

)

select
    contacts.business_line,
    gaps.gap_days,
    sum(gaps.is_closed) as closed_gaps,
    sum(1 - gaps.is_closed) as open_gaps
from gaps
inner join contacts on gaps.contact_id = contacts.contact_id
group by contacts.business_line, gaps.gap_days
