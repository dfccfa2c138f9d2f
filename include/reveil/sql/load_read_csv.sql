-- One CSV file as text. One thread: the order of rows must be the file's, and a quoted line break
-- must never be taken for the start of a row.
create or replace temp table {source} as
select {cells}, row_span(concat_ws('x', {all_cells})) as span
from read_csv(
    $file,
    columns = {columns},
    delim = $delimiter,
    quote = $quote,
    escape = $quote,
    encoding = $encoding,
    compression = $compression,
    header = true,
    skip = $skip,
    auto_detect = false,
    strict_mode = true,
    parallel = false,
    store_rejects = true,
    rejects_table = 'load_bad_rows',
    rejects_scan = 'load_scans',
    rejects_limit = 0
)
