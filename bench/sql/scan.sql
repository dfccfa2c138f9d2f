-- Only reading what the features need: every value of every column that they read is decoded, and of clicks
-- alone also the id that tells them apart.
select sum(strlen(contact_id)), sum(strlen(event)), sum(strlen(actor)), max(occurred_at), sum(strlen(url)),
    sum(strlen(campaign)), sum(strlen(batch_key)), sum(strlen(esp)), sum(load_id)
from raw.esp_events
union all
select sum(strlen(event_id)), null, null, null, null, null, null, null, null from raw.esp_events where event = 'clicked'
union all
select sum(strlen(contact_id)), sum(strlen(status)), sum(amount), max(ordered_at), sum(strlen(currency)), null, null, null, null
from raw.crm_orders
union all
select sum(strlen(contact_id)), null, null, max(logged_in_at), null, null, null, null, null from raw.crm_logins
union all
select sum(strlen(contact_id)), sum(strlen(business_line)), sum(strlen(contact_kind)), max(signed_up_at),
    count(*) filter (where tracking_consent), null, null, null, null
from raw.crm_contacts
