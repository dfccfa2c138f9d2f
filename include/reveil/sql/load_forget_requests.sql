-- A request that names nobody here is kept as long as an answer may take, then its address goes, too.
delete from raw.crm_erasure_requests as requests
where requests.requested_at + interval 1 month < $as_of
    and not exists (select 1 from raw.crm_contacts as held where held.contact_id = requests.contact_id)
    and not exists (
        select 1 from raw.crm_contacts as held where held.normalised_email = lower(trim(requests.email))
    )
