-- members of a list, as just read, who are not to be there; who may not receive anything is left alone, so that
-- the provider keeps the objection
select members_now.esp_id
from members_now
left join wanted on wanted.frequency = $frequency and wanted.address = members_now.address
where wanted.contact_id is null and members_now.may_receive = 'true'
order by members_now.esp_id
