-- Tables and views as schema.name.
select table_schema || '.' || table_name
from information_schema.tables
