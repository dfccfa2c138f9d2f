-- append-only: the greatest value of a feed is its cursor
insert into journal.gather_cursors (esp, feed, cursor_value, rows_new, rows_unknown, as_of)
select
    $esp,
    gathered.feed,
    strftime(max(gathered.occurred_at), '%Y-%m-%dT%H:%M:%S.%f'),
    count(*),
    count(*) filter (where esp_contacts.contact_id is null),
    $as_of
from gathered
left join journal.esp_contacts as esp_contacts on esp_contacts.esp = $esp and gathered.esp_id = esp_contacts.esp_id
group by gathered.feed
