-- What has to change at the provider, by comparing who is wanted with what was last confirmed there: who has to go
-- (`remove`), who has to come (`add`). A contact whose export row changed comes again: the address may be another.
select 'remove' as change, held.frequency, held.contact_id, held.esp_id, held.state, null, null, null
from journal.regular_members as held
anti join wanted using (contact_id, frequency)
where held.esp = $esp
union all
select
    'add', wanted.frequency, wanted.contact_id, held.esp_id, held.state, wanted.address, wanted.name, wanted.contact_load_id
from wanted
left join journal.regular_members as held
    on held.esp = $esp and held.contact_id = wanted.contact_id and held.frequency = wanted.frequency
where held.contact_id is null or held.contact_load_id <> wanted.contact_load_id
order by 1, 2, 3
