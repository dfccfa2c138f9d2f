-- rows before $until, and their fingerprint as macros/settled.sql makes it
select count(*), coalesce(sum((hash({at}, load_id) % 2147483648)::integer), 0)::bigint
from {table}
where {at} < $until and ({condition})
