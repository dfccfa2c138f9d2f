-- a snapshot holds every row there is: what it does not name is gone
delete from raw.{table} as held
where not exists (select 1 from {stage} as stage where {same_key})
