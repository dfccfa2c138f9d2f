-- whoever is held and neither asked to go nor came back by themselves
select contact_id, contact_id as value
from raw.crm_contacts
where contact_id not in (select contact_id from raw.crm_erasure_requests where contact_id is not null)
    and contact_id not in (select contact_id from journal.readmissions)
