-- The rows that DuckDB could not take apart: byte offset of the first character, lines filled, whether
-- the text is of another encoding, whether a quote is open. One row of a file may have several errors.
select
    line_byte_position - 1 + length(csv_line) - length(ltrim(csv_line, chr(10) || chr(13))) as byte_offset,
    greatest(1, filled_lines(any_value(csv_line))) as span,
    bool_or(error_type = 'INVALID ENCODING') as is_encoding,
    bool_or(error_type = 'UNQUOTED VALUE') as is_open_quote
from load_bad_rows
group by line_byte_position, csv_line
order by 1
