select
    coalesce(business_line, 'no business line'),
    status,
    count(*),
    count(*) filter (where is_mailable)
from marts.contact_status
group by business_line, status
order by business_line, status
