-- An objection or a bounce holds for the mailbox: where somebody who stays has the same address, it becomes theirs.
update raw.esp_events as events
set contact_id = mates.mate
from (
    select gone.contact_id, min(others.contact_id) as mate
    from raw.crm_contacts as gone
    inner join raw.crm_contacts as others
        on gone.normalised_email = others.normalised_email
    where gone.contact_id in (select contact_id from going) and others.contact_id not in (select contact_id from going)
    group by gone.contact_id
) as mates
where events.contact_id = mates.contact_id and events.event in ('unsubscribed', 'complained', 'bounced_hard')
