-- {column}: its bytes, and how many texts may hold an address, plain, as an URL hides it or as JSON does. One of these
-- for every column of a table makes one pass over it.
coalesce(sum(strlen({column}::varchar)), 0),
count(*) filter (where contains({column}::varchar, '@') or contains({column}::varchar, '%40') or contains({column}::varchar, '\u0040'))
