-- {column} of {table}: bytes, contact ids (plain, or as a mailbox's key), addresses, and texts that may hold one
select
    coalesce(sum(strlen({column}::varchar)), 0),
    count(*) filter (
        where not $is_number
            and ({column}::varchar in (select value from ids) or {column}::varchar in (select value from keys))
    ),
    count(*) filter (
        where contains({column}::varchar, '@')
            and lower(trim({column}::varchar)) in (select value from addresses)
    ),
    count(*) filter (
        where (contains({column}::varchar, '@') or contains({column}::varchar, '%40'))
            and not regexp_full_match(lower(trim({column}::varchar)), $plain)
    )
from {table}
