-- Events number $from to $to of $events, in the order of their days, from $since over $days days: 57 % delivered, 36 %
-- opened (half of it by persons), 6 % clicked, one in a thousand of them by a scanner 3 s after its delivery. Who is
-- mailed drifts from the first 60 % of the contacts to the last 60 %, so that many fall silent. Opens of contacts
-- without tracking consent are not there, as after a load.
insert into raw.esp_events by name
select
    'esp' as esp,
    'e' || ($first + n) as event_id,
    'c' || contact as contact_id,
    'news' || (($first + message) // 500000) as campaign,
    case when kind < 570 then 'delivered' when kind < 930 then 'opened' when kind < 990 then 'clicked'
        when kind < 996 then 'bounced_soft' when kind < 998 then 'unsubscribed' when kind < 999 then 'bounced_hard'
        else 'complained' end as event,
    $since::timestamp + to_microseconds((message * ($days * 86400000000.0 / $events))::bigint + 3000000 * (n - message))
        as occurred_at,
    case when kind between 570 and 989
        then case when kind % 20 < 10 then 'human' when kind % 20 < 17 then 'machine' else 'unknown' end end as actor,
    case when kind between 930 and 989
        then 'https://shop.example/' || case when kind % 12 = 0 then 'unsubscribe' else 'p' || (kind % 40) end end as url,
    $load_id as load_id
from (
    select
        n,
        message,
        case
            when n > message then 930
            when n % 16000 = 0 then 0
            -- complaints, bounces and farewells are rare
            when hash(n + $first, 5) % 10000 < 30 then 990 + hash(n, 6) % 10
            else hash(n + $first, 7) % 990
        end as kind,
        (hash(message + $first, 8) % ($contacts * 6 // 10) + $contacts * (40 * message // $events) // 100) % $contacts as contact
    from (
        select $from + n as n, $from + n - case when ($from + n) % 16000 = 1 then 1 else 0 end as message
        from numbers where $from + n < $to
    )
)
where kind not between 570 and 929 or hash(contact, 4) % 10 < 9
