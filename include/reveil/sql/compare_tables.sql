-- every table of a database, as it is defined
select schema_name, table_name, sql
from duckdb_tables()
where database_name = $database and not internal
order by schema_name, table_name
