-- set once: an outcome that is known is never overwritten
update journal.batch_contacts
set outcome = $outcome, outcome_why = $why
where batch_key = $batch_key and outcome is null
