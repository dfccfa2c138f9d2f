insert or replace into journal.esp_contacts (esp, esp_id, contact_id)
select $esp, esp_id, max(contact_id)
from pairs
group by esp_id
