-- every view of a database, as it is defined
select schema_name, view_name, sql
from duckdb_views()
where database_name = $database and not internal
order by schema_name, view_name
