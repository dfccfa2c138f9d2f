-- lines per class: what came in, what stands in a kept order, what was set aside
with

classes (class) as (

    values
    ('goods'), ('charge'), ('cancellation'), ('no_customer'), ('stock_adjustment'), ('zero_price'),
    ('negative_price'), ('wrong_sign'), ('bad_debt')

)

select
    classes.class,
    count(classified.invoice) as lines_in,
    count(invoices.order_id) filter (where classified.is_kept) as lines_kept,
    count(classified.invoice) filter (where not classified.is_kept) as lines_set_aside
from classes
left join classified on classes.class = classified.class
left join invoices on classified.invoice = invoices.order_id
group by classes.class
order by lines_in desc, classes.class asc;
