-- every macro of a database, as it is defined
select schema_name, function_name, parameters::varchar, macro_definition
from duckdb_functions()
where database_name = $database and not internal
order by schema_name, function_name
