-- every column that holds text, lists and JSON included
select columns.schema_name, columns.table_name, columns.column_name
from duckdb_columns() as columns
left join duckdb_views() as views
    on columns.database_name = views.database_name
        and columns.schema_name = views.schema_name
        and columns.table_name = views.view_name
where
    columns.database_name = $database
    and not columns.internal
    and (columns.data_type like '%VARCHAR%' or columns.data_type like '%JSON%' or columns.data_type like 'ENUM%')
    -- a view shows what stands in tables; the file that is read as a view has no other
    and (views.view_name is null or columns.database_name = 'memory')
order by all
