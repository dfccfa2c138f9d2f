-- a list as it is: whoever is wanted and stands on it, and nobody else
insert or replace into journal.regular_members (esp, frequency, contact_id, esp_id, state, contact_load_id, as_of)
select
    $esp,
    wanted.frequency,
    wanted.contact_id,
    members_now.esp_id,
    case when members_now.may_receive = 'true' then 'member' else 'refused' end,
    wanted.contact_load_id,
    $as_of
from wanted
inner join members_now on wanted.address = members_now.address
where wanted.frequency = $frequency
