-- A table's or view's columns in their order.
select column_name, data_type
from information_schema.columns
where table_schema = :schema and table_name = :table
order by ordinal_position
