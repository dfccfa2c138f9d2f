select feed, arg_max(cursor_value, cursor_value)
from journal.gather_cursors
where esp = $esp
group by feed
