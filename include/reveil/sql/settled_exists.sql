select count(*) = 4
from duckdb_columns()
where schema_name = 'intermediate' and table_name = 'int_settled_events'
    and column_name in ('settled_until', 'rules_version', 'row_count', 'row_fingerprint')
