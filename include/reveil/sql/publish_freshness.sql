-- how old the sources were when the marts were published
create table marts.source_freshness as
select
    table_name,
    newest_at::timestamp as newest_at,
    age_days::double as age_days,
    max_age_days::double as max_age_days,
    verdict,
    nullif(note, '') as note
from sources_now
;

comment on table marts.source_freshness is 'One row per watched source: how old its newest row was on the night of the marts.'
