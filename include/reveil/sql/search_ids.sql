-- added to the above for a column that may hold contacts' ids, plain or as a mailbox's key
,
count(*) filter (where {column}::varchar in (select value from ids))
