update intermediate.int_settled_events
set row_count = row_count - $row_count, row_fingerprint = row_fingerprint - $row_fingerprint
where signal = 'all_rows'
