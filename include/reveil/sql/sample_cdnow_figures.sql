with

different as (

    select count(distinct cells) as lines
    from numbered_lines

)

select
    count(*) as lines,
    count(distinct orders.contact_id) as customers,
    strftime(min(orders.ordered_at), '%Y-%m-%d') as first_day,
    strftime(max(orders.ordered_at), '%Y-%m-%d') as last_day,
    count(*) - any_value(different.lines) as identical_lines,
    count(*) filter (where orders.amount = 0) as lines_at_zero
from orders, different;
