-- whether this load has asked who was erased
select count(*) > 0
from duckdb_tables()
where temporary and table_name = 'load_refused'
