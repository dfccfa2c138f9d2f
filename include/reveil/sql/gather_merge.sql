insert into raw.esp_events by name
select * from to_merge
