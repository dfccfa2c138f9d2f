-- set once: an outcome that is known is never overwritten
update journal.batch_contacts
set outcome = 'refused', outcome_why = settled.why
from (
    select
        wanted.contact_id,
        case
            when wanted.refused_why is not null then wanted.refused_why
            when late.refused_why is not null then late.refused_why
            when members.address is null then 'not_accepted_by_esp'
            when not members.may_receive then 'objected_at_esp'
        end as why
    from wanted
    left join late using (contact_id)
    left join (select address, bool_or(may_receive = 'True') as may_receive from members group by address) as members
        on wanted.address = members.address
) as settled
where batch_contacts.batch_key = $batch_key
    and batch_contacts.contact_id = settled.contact_id
    and batch_contacts.outcome is null
    and settled.why is not null
