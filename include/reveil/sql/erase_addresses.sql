-- Every spelling of an address of who is erased that nobody else of the contacts has. The others' addresses stand in one
-- column: a join on one or the other of two would look at every pair.
with

others as (

    select lower(trim(email)) as address from raw.crm_contacts
    where contact_id not in (select contact_id from going)
    union
    select normalised_email from raw.crm_contacts
    where contact_id not in (select contact_id from going)

)

select distinct spellings.address
from spellings
where spellings.contact_id in (select contact_id from going)
    and not exists (select 1 from others where others.address = lower(trim(spellings.address)))
