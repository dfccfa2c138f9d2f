-- rows of {table} whose {column} is an address, and texts that are none and may hold one
with

hints as (

    select {column}::varchar as content
    from {table}
    where contains({column}::varchar, '@') or contains({column}::varchar, '%40') or contains({column}::varchar, '\u0040')

)

select
    count(*) filter (where lower(trim(content)) in (select value from addresses)),
    count(*) filter (where not regexp_full_match(lower(trim(content)), $plain))
from hints
