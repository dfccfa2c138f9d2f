-- $logins logins in the order of their days, from $since over $days days
insert into raw.crm_logins by name
select
    'c' || (hash(n + $first, 12) % $contacts) as contact_id,
    $since::timestamp + to_microseconds((n * ($days * 86400000000.0 / $logins))::bigint) as logged_in_at,
    $load_id as load_id
from range($logins) as numbers (n)
