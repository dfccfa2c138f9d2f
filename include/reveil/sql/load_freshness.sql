-- of one table: how many loads, the as_of of the newest visible one, whether the last snapshot was shrunken
select count(*), max(as_of) filter (where as_of <= $as_of), coalesce(arg_max(is_shrunken, load_id), false)
from journal.loads
where table_name = $table
