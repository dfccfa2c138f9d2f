-- Every spelling of an address of who is erased that nobody else of the contacts has.
select distinct spellings.address
from spellings
where spellings.contact_id in (select contact_id from going)
    and not exists (
        select 1 from raw.crm_contacts as others
        where others.contact_id not in (select contact_id from going)
            and (
                lower(trim(others.email)) = lower(trim(spellings.address))
                or others.normalised_email = lower(trim(spellings.address))
            )
    )
