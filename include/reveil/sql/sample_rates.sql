-- messages with at least one such event, in parts of the messages sent
select
    esp_events.event,
    count(distinct esp_events.campaign || '/' || esp_events.contact_id)
    / (select count(*) from landing.esp_sends) as rate
from landing.esp_events
where esp_events.event != 'delivered'
group by esp_events.event
order by esp_events.event;
