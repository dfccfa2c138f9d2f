-- Without consent to tracking no open is kept, only the date of the last one, overwritten by newer
-- ones; it may stop sends and serves nothing else. A machine's open says nothing about the person and leaves no date.
insert into raw.last_opens (contact_id, last_open_date)
select contact_id, max(occurred_at)::date
from purged_opens
where coalesce(actor, 'unknown') <> 'machine'
group by contact_id
on conflict (contact_id) do update set last_open_date = greatest(last_open_date, excluded.last_open_date);

delete from raw.esp_events where rowid in (select open_row from purged_opens);
