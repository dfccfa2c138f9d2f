select
    wanted.contact_id,
    members.esp_id,
    coalesce(chosen.refused_why, 'provider_halted') as refused_why
from wanted
inner join members using (address)
inner join chosen using (contact_id)
left join marts.contacts as contacts using (contact_id)
where wanted.refused_why is null
    and members.may_receive = 'True'
    and (chosen.refused_why is not null or contacts.provider in (select unnest($halted::varchar[])))
order by members.esp_id
