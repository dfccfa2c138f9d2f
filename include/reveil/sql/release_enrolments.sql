-- whoever was to begin with a message that never left has not begun
delete from journal.enrolments
where (campaign, enrolment, contact_id) in (
    select campaign, enrolment, contact_id
    from journal.batch_contacts
    where batch_key = $batch_key and contact_id in (select contact_id from released)
    except
    select campaign, enrolment, contact_id
    from journal.batch_contacts
    where batch_key <> $batch_key
)
