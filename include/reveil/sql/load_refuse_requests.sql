-- a request about somebody who was erased already, and is not here under that address again
update {stage} as stage
set problem = 'email:erased request'
where stage.problem is null
    and list_contains($addresses::varchar[], stage.email)
    and not exists (select 1 from raw.crm_contacts as held where held.normalised_email = stage.email)
    and not exists (select 1 from ({arriving}) as arriving where arriving.normalised_email = stage.email)
