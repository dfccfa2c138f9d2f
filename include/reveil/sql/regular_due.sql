-- lists that were not read back within the last so many days
select frequency
from (select unnest($frequencies) as frequency) as lists
where not exists (
    select 1
    from journal.regular_read_backs as done
    where done.esp = $esp and done.frequency = lists.frequency and done.as_of > $as_of - to_days($days)
        and done.as_of <= $as_of
)
