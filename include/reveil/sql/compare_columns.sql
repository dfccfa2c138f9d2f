-- every column of a database, with its comment
select schema_name, table_name, column_name, column_index, data_type, is_nullable, column_default, comment
from duckdb_columns()
where database_name = $database and not internal
order by schema_name, table_name, column_index
