-- Online Retail II: invoice lines added up to orders; what is no customer's purchase or return is set aside.
-- Reads the view invoice_lines. InvoiceDate is local time in the United Kingdom.

create table classified as
with

renamed as (

    select
        invoice,
        upper(stockcode) as article,
        quantity,
        price,
        cast(customerid as varchar) as contact_id,
        country,
        invoicedate at time zone 'Europe/London' at time zone 'UTC' as invoiced_at,
        row_number() over (
            partition by invoice, stockcode, description, quantity, invoicedate, price, customerid, country
        ) > 1 as is_repeated
    from invoice_lines

),

named as (

    select
        *,
        -- the first that applies
        case
            when starts_with(invoice, 'A') then 'bad_debt'
            when quantity <= 0 and not starts_with(invoice, 'C') then 'stock_adjustment'
            when quantity > 0 and starts_with(invoice, 'C') then 'wrong_sign'
            when price = 0 then 'zero_price'
            when price < 0 then 'negative_price'
            when contact_id is null then 'no_customer'
            when starts_with(invoice, 'C') then 'cancellation'
            when article in (
                'POST', 'DOT', 'C2', 'C3', 'M', 'D', 'S', 'B', 'BANK CHARGES', 'ADJUST', 'ADJUST2',
                'AMAZONFEE', 'CRUK', 'TEST001', 'TEST002'
            ) then 'charge'
            else 'goods'
        end as class
    from renamed

)

select
    invoice,
    contact_id,
    country,
    invoiced_at,
    class,
    class in ('goods', 'charge', 'cancellation') as is_kept,
    is_repeated,
    cast(quantity as decimal(18, 0)) * cast(price as decimal(12, 4)) as amount
from named;

-- postage, discounts and corrections are part of what a customer paid; a credit note is a
-- return of its own, with a negative amount
create table invoices as
select
    invoice as order_id,
    min(contact_id) as contact_id,
    min(invoiced_at) as ordered_at,
    cast(sum(amount) as decimal(18, 2)) as amount,
    'GBP' as currency,
    case when starts_with(invoice, 'C') then 'returned' else 'paid' end as status,
    count(*) as lines
from classified
where is_kept
group by invoice;

create table orders as
select
    order_id,
    contact_id,
    ordered_at,
    amount,
    currency,
    status
from invoices;

create table customers as
select
    contact_id,
    min(invoiced_at) as first_at,
    max_by(country, (invoiced_at, country)) as country
from classified
where contact_id is not null
group by contact_id;
