-- the signals that count for a line and kind, each by its most specific row, and after how many days
select signal, dormant_after_days
from seeds.status_thresholds
where business_line in ('*', $business_line) and contact_kind in ('*', coalesce($contact_kind, '*'))
qualify row_number() over (
    partition by signal
    order by case when business_line = '*' then 1 else 0 end, case when contact_kind = '*' then 1 else 0 end
) = 1
order by case signal when 'purchase' then 1 when 'login' then 2 when 'click' then 3 when 'open' then 4 else 5 end
