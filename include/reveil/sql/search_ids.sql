-- rows of {table} whose {column} is a contact's id, plain or as a mailbox's key
select count(*)
from {table}
where {column}::varchar in (select value from ids)
