create or replace temp table gathered as
select
    feed,
    event_id,
    esp_id,
    source,
    event,
    cast(occurred_at as timestamp) as occurred_at,
    nullif(actor, '') as actor,
    nullif(url, '') as url,
    nullif(address, '') as address
from read_csv($file, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')
