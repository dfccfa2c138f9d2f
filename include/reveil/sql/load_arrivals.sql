-- Whose rows arrive and are not held already, with the address where the row is a contact's own.
create or replace temp table load_arrivals as
select arrivals.contact_id, arrivals.address
from ({arrivals}) as arrivals
anti join raw.crm_contacts as held on arrivals.contact_id = held.contact_id
where arrivals.contact_id is not null
group by all
