select wanted.contact_id, members.esp_id, chosen.refused_why
from wanted
inner join members using (address)
inner join chosen using (contact_id)
where wanted.refused_why is null and members.may_receive = 'True' and chosen.refused_why is not null
order by members.esp_id
