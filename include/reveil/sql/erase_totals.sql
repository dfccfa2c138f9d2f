-- What erased contacts were sent, without any key of theirs: results stay what they were.
insert into journal.outcome_totals (campaign, step, measure, total)
select campaign, step, coalesce(outcome, 'open'), count(*)
from journal.batch_contacts
where contact_id in (select contact_id from going)
group by campaign, step, coalesce(outcome, 'open')
