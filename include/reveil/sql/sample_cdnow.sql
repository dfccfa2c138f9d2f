-- The CDNOW log as orders: every line is one, identical lines and lines at 0.00 included.
-- The log knows days only; each order is put at noon UTC, so that no time zone moves its day.

create table numbered_lines as
with

whole as (

    select string_split(getvariable('log'), chr(10)) as lines

),

numbered as (

    select
        generate_subscripts(lines, 1) - 1 as line_number,
        string_split_regex(trim(unnest(lines), ' ' || chr(13)), ' +') as cells
    from whole

)

-- line 0 is the heading, the last is empty
select
    line_number,
    cells
from numbered
where line_number > 0 and len(cells) = 4;

create table orders as
select
    cast(line_number as varchar) as order_id,
    cells[1] as contact_id,
    strptime(cells[2], '%Y%m%d') + interval 12 hour as ordered_at,
    cast(cells[4] as decimal(18, 2)) as amount,
    'USD' as currency,
    'paid' as status
from numbered_lines;

create table customers as
select
    contact_id,
    min(ordered_at) as first_at,
    cast(null as varchar) as country
from orders
group by contact_id;
