-- only reading the columns that the features need
select sum(strlen(contact_id)), sum(strlen(event)), sum(strlen(actor)), max(occurred_at), sum(strlen(url)),
    sum(strlen(campaign))
from raw.esp_events
union all
select sum(strlen(contact_id)), sum(strlen(status)), sum(amount), max(ordered_at), null, null from raw.crm_orders
union all
select sum(strlen(contact_id)), null, null, max(logged_in_at), null, null from raw.crm_logins
