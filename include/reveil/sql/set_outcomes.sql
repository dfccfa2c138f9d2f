-- set once: an outcome that is known is never overwritten
update journal.batch_contacts
set outcome = outcomes_now.outcome, outcome_why = outcomes_now.why
from outcomes_now
where batch_contacts.batch_key = $batch_key
    and batch_contacts.contact_id = outcomes_now.contact_id
    and batch_contacts.outcome is null
