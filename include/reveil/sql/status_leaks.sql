select coalesce(sum(messages), 0)::bigint, count(*)
from marts.regular_leaks
