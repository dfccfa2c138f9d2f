-- Without consent to tracking no open is kept, only the date of the last one, overwritten by newer
-- ones; it may stop sends and serves nothing else. No answer is no consent. A machine's open says
-- nothing about the person and leaves no date.
insert into raw.last_opens (contact_id, last_open_date)
select events.contact_id, max(events.occurred_at)::date
from raw.esp_events as events
left join raw.crm_contacts as contacts on events.contact_id = contacts.contact_id
where events.event = 'opened'
    and coalesce(events.actor, 'unknown') <> 'machine'
    and not coalesce(contacts.tracking_consent, false)
group by events.contact_id
on conflict (contact_id) do update set last_open_date = greatest(last_open_date, excluded.last_open_date);

delete from raw.esp_events
where event = 'opened'
    and contact_id not in (select contact_id from raw.crm_contacts where tracking_consent);
