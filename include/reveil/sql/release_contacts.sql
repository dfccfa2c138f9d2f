-- whoever is in no batch may be planned again
delete from journal.batch_contacts
where batch_key = $batch_key and contact_id in (select contact_id from released)
