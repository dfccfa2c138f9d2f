-- the rows of the last whole snapshot of a table
select rows_read
from journal.loads
where table_name = $table and mode = 'full' and not is_shrunken
order by load_id desc
limit 1
