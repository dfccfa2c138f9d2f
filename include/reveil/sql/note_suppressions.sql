insert or ignore into journal.esp_suppressions (esp, esp_id, as_of)
select $esp, unnest($ids), $as_of
