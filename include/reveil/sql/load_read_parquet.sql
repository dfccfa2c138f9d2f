-- One Parquet file as text; instants with a time zone come out with their offset.
create or replace temp table {source} as
select {cells}, file_row_number + 1 as line
from read_parquet($file, file_row_number = true)
