-- what the provider showed of those who were wanted: a member, or somebody whom it does not let in
insert or replace into journal.regular_members (esp, frequency, contact_id, esp_id, state, contact_load_id, as_of)
select
    $esp,
    wanted_now.frequency,
    wanted_now.contact_id,
    members_now.esp_id,
    case when members_now.may_receive = 'true' then 'member' else 'refused' end,
    cast(wanted_now.contact_load_id as bigint),
    $as_of
from wanted_now
left join members_now using (address)
