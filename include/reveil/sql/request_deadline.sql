-- art. 12 (3): one month
select ($requested_at::timestamp + interval 1 month)::date
