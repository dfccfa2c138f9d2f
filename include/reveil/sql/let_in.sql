-- who came back by themselves after an erasure, with the address that they have now
select readmissions.contact_id, contacts.normalised_email
from journal.readmissions as readmissions
left join raw.crm_contacts as contacts using (contact_id)
