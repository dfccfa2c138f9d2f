with

lines as (

    select
        count(*) as lines_in,
        count(*) filter (where not is_kept) as lines_set_aside,
        count(*) filter (where is_kept and is_repeated) as repeated_lines_kept
    from classified

),

per_invoice as (

    select
        bool_or(is_kept) as has_kept,
        bool_and(is_kept) as is_whole
    from classified
    group by invoice

),

fates as (

    select
        count(*) as invoices_in,
        count(*) filter (where not has_kept) as invoices_set_aside,
        count(*) filter (where has_kept and not is_whole) as invoices_kept_in_part
    from per_invoice

),

kept as (

    select
        cast(sum(lines) as bigint) as lines_kept,
        count(*) as invoices_kept,
        count(*) filter (where status = 'paid') as purchases,
        count(*) filter (where status = 'returned') as returns,
        count(distinct contact_id) filter (where status = 'paid') as customers_with_purchase,
        strftime(min(ordered_at), '%Y-%m-%d') as first_day,
        strftime(max(ordered_at), '%Y-%m-%d') as last_day
    from invoices

),

everyone as (

    select count(*) as customers
    from customers

)

select *
from lines, fates, kept, everyone;
