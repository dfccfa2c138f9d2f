-- contacts of the line fashion, nine of ten dormant, and messages of the last month to the first of them
insert into raw.crm_contacts by name
select
    'c' || n as contact_id,
    'c' || n || '@gmail.example' as email,
    'c' || n || '@gmail.example' as normalised_email,
    'fashion' as business_line,
    'en' as language,
    true as marketing_consent,
    true as tracking_consent,
    $as_of::timestamp - to_days((200 + hash(n) % 600)::integer) as signed_up_at,
    $as_of::timestamp - to_days(900) as first_loaded_at,
    1 as load_id
from range($contacts) as numbers (n);
insert into raw.crm_orders by name
select
    'o' || n as order_id,
    'c' || (n % ($contacts)) as contact_id,
    $as_of::timestamp - to_days((100 + hash(n) % 700)::integer) as ordered_at,
    10 + hash(n) % 90 as amount,
    'EUR' as currency,
    1 as load_id
from range($contacts * 2) as numbers (n);
insert into journal.batches by name
select
    'winback/we_miss_you/we_miss_you/en/' || day || '/1' as batch_key,
    'winback' as campaign,
    'we_miss_you' as step,
    'we_miss_you' as message,
    'en' as language,
    $as_of::timestamp - to_days(day::integer) as as_of,
    1 as n,
    'sandbox' as esp,
    1 as planned
from range(1, 31) as days (day);
insert into journal.batch_contacts by name
select
    'winback/we_miss_you/we_miss_you/en/' || (1 + n % 30) || '/1' as batch_key,
    'winback' as campaign,
    1 as enrolment,
    'we_miss_you' as step,
    'c' || n as contact_id,
    $as_of::timestamp - to_days((1 + n % 30)::integer) as as_of,
    'sent' as outcome
from range($messaged) as numbers (n);
insert into raw.esp_events by name
select
    'sandbox' as esp,
    'e' || n as event_id,
    contact_id,
    batch_key,
    case when n % 10 < 7 then 'delivered' when n % 10 < 9 then 'opened' else 'clicked' end as event,
    as_of + to_days((n % 5)::integer) + interval 1 hour as occurred_at,
    'human' as actor,
    1 as load_id
from (select *, row_number() over () as n from journal.batch_contacts cross join range(3)) as events
where occurred_at < $as_of
