-- a snapshot holds every row there is: what it does not name is gone, but for what no file brought (load 0)
delete from raw.{table} as held
where held.load_id > 0 and not exists (select 1 from {stage} as stage where {same_key})
