-- subscribers of the batch whom the journal does not have yet, or has as somebody else
insert or replace into journal.esp_contacts (esp, esp_id, contact_id)
select $esp, members.esp_id, max(wanted.contact_id)
from members
inner join wanted using (address)
where wanted.refused_why is null
    and not exists (
        select 1 from journal.esp_contacts as known
        where known.esp = $esp and known.esp_id = members.esp_id and known.contact_id = wanted.contact_id
    )
group by members.esp_id
