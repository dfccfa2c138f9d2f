-- the content of a landing file less some rows is as loaded as the whole was
insert into journal.loads by name
select * replace ($new as digest)
from journal.loads
where
    table_name = $table
    and digest = $old
    and not exists (select 1 from journal.loads where table_name = $table and digest = $new)
