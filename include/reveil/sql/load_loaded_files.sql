-- what was loaded: (table, file, digest, is it the file's last digest, is it the table's last load)
select
    table_name,
    file_name,
    digest,
    load_id = max(load_id) over (partition by table_name, file_name),
    load_id = max(load_id) over (partition by table_name)
from journal.loads
