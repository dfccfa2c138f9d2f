-- Of several contacts of one mailbox one is mailed a night, whichever batch they stand in. The plan sees to that already; an
-- address that changed since is seen here.
create temp table chosen as
with taken as (
    select contacts.normalised_email as address
    from journal.batch_contacts as others
    inner join raw.crm_contacts as contacts using (contact_id)
    where others.as_of = $as_of
        and contacts.normalised_email is not null
        and (
            others.outcome in ('sent', 'unknown')
            or (others.outcome is null and others.batch_key < $batch_key)
        )
)

select
    contact_id,
    address,
    name,
    case
        when refused_why is not null then refused_why
        when address in (select address from taken) then 'same_mailbox'
        when row_number() over (partition by address, refused_why order by contact_id) > 1 then 'same_mailbox'
    end as refused_why
from candidates
