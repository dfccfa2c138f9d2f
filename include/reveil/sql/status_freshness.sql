select
    table_name,
    verdict,
    coalesce(strftime(newest_at, '%Y-%m-%d'), 'unknown'),
    coalesce(' (' || note || ')', '')
from marts.source_freshness
order by table_name
