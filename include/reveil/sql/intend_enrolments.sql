-- who begins tonight, in both arms
insert into journal.enrolments (campaign, enrolment, contact_id, arm, as_of, closes_on, file_digest)
select campaign, enrolment, contact_id, arm, as_of, closes_on, file_digest
from journal.audience
where as_of = $as_of and is_enrolment
