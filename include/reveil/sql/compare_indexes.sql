-- every index of a database, as it is defined
select schema_name, index_name, table_name, sql
from duckdb_indexes()
where database_name = $database
order by schema_name, index_name
