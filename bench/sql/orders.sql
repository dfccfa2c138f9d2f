-- $orders orders in the order of their days, from $since over $days days; 8 % cancelled or returned, some twice a day
insert into raw.crm_orders by name
select
    'o' || ($first + n) as order_id,
    'c' || (hash(n + $first, 9) % $contacts) as contact_id,
    $since::timestamp + to_microseconds((n * ($days * 86400000000.0 / $orders))::bigint) as ordered_at,
    ((500 + hash(n + $first, 10) % 20000) / 100)::decimal(18, 2) as amount,
    'EUR' as currency,
    case hash(n + $first, 11) % 25 when 0 then 'cancelled' when 1 then 'returned' else 'paid' end as status,
    ordered_at as updated_at,
    $load_id as load_id
from range($orders) as numbers (n)
