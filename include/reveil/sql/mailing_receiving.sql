select count(*)
from journal.batch_contacts
where batch_key = $batch_key and outcome is null
