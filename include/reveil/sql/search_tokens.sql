-- different texts of {column} that may be a contact's id or hold an address
select distinct {column}::varchar
from {table}
where {column} is not null
    and (
        not $is_number
        or contains({column}::varchar, '@')
        or contains({column}::varchar, '%40')
        or contains({column}::varchar, '\u0040')
    )
