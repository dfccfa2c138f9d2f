insert into journal.loads (
    load_id, table_name, file_name, digest, origin, mode, as_of, rows_read, rows_new, rows_changed,
    rows_unchanged, rows_rejected, rows_removed, is_shrunken, newest_at
)
values (
    $load_id, $table, $file, $digest, $origin, $mode, $as_of, $rows_read, $rows_new, $rows_changed,
    $rows_unchanged, $rows_rejected, $rows_removed, $is_shrunken, $newest_at
)
