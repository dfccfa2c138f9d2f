-- Orders of who is erased, under a random id for each person that is stored nowhere else, until so many years after the
-- end of the order's fiscal year.
insert into archive.orders
    (order_id, surrogate, ordered_at, amount, currency, status, business_line, fiscal_year, keep_until)
with

people as materialized (

    select contact_id, uuid()::varchar as surrogate from going

),

dated as (

    select
        orders.*,
        year(ordered_at)::integer
        + case when month(ordered_at) > $last_month::integer then 1 else 0 end as fiscal_year
    from raw.crm_orders as orders

)

select
    dated.order_id,
    people.surrogate,
    dated.ordered_at,
    dated.amount,
    dated.currency,
    dated.status,
    dated.business_line,
    dated.fiscal_year,
    last_day(make_date(dated.fiscal_year + $years::integer, $last_month::integer, 1))
from dated
inner join people using (contact_id)
order by dated.order_id
