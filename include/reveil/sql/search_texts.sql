select distinct {column}::varchar
from {table}
where
    (contains({column}::varchar, '@') or contains({column}::varchar, '%40') or contains({column}::varchar, '\u0040'))
    and not regexp_full_match(lower(trim({column}::varchar)), $plain)
