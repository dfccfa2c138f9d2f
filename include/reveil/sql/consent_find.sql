-- opens of contacts without consent to tracking; no answer is no consent. Found once, since reading all opens is dear
create or replace temp table purged_opens as
select rowid as open_row, contact_id, actor, occurred_at
from raw.esp_events
where event = 'opened'
    and contact_id not in (select contact_id from raw.crm_contacts where tracking_consent)
