-- subscribers that no batch has met yet are recognised by their address, once
insert into journal.esp_contacts (esp, esp_id, contact_id)
select $esp, gathered.esp_id, min(contacts.contact_id)
from gathered
inner join raw.crm_contacts as contacts on gathered.address = contacts.normalised_email
where gathered.esp_id not in (select esp_id from journal.esp_contacts where esp = $esp)
group by gathered.esp_id
