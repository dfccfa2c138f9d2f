-- Tonight's audience: the decisions of next_step, less everybody for whom the journal holds the
-- same (campaign, enrolment, step), or for holdouts the same (campaign, enrolment), at any instant, less whole campaigns whose plan of this night was written.
insert into journal.audience by name
with planned_campaigns as (
    select campaign from journal.batches where as_of = $as_of
    union
    -- a night that drew holdouts alone was written, too
    select campaign from journal.enrolments where as_of = $as_of
),

last_messages as (
    select contacts.mailbox_id, max(messages.sent_at) as last_message_at
    from (
        select contact_id, sent_at from raw.esp_sends where sent_at < $as_of
        union all
        select contact_id, as_of as sent_at from journal.batch_contacts where coalesce(outcome, '') <> 'refused'
    ) as messages
    inner join marts.contacts as contacts using (contact_id)
    where contacts.mailbox_id is not null
    group by contacts.mailbox_id
)

select
    next_step.campaign,
    next_step.enrolment,
    next_step.step,
    next_step.message,
    next_step.language,
    next_step.contact_id,
    contacts.mailbox_id,
    contacts.provider,
    next_step.as_of,
    next_step.offer,
    coalesce(next_step.offer_cost, 0) as offer_cost,
    contact_status.is_mailable,
    contacts.mailbox_id is not null as has_address,
    last_messages.last_message_at,
    next_step.priority,
    next_step.budget,
    next_step.currency,
    next_step.arm,
    next_step.is_enrolment,
    next_step.closes_on,
    next_step.file_digest
from marts.next_step as next_step
inner join marts.contacts as contacts using (contact_id)
inner join marts.contact_status as contact_status using (contact_id)
left join last_messages on contacts.mailbox_id = last_messages.mailbox_id
where next_step.campaign not in (select campaign from planned_campaigns)
    and next_step.as_of = $as_of
    and not exists (
        select 1
        from journal.batch_contacts as done
        where done.campaign = next_step.campaign
            and done.enrolment = next_step.enrolment
            and done.step = next_step.step
            and done.contact_id = next_step.contact_id
    )
    and not (
        next_step.is_enrolment
        and exists (
            select 1
            from journal.enrolments as done
            where done.campaign = next_step.campaign
                and done.enrolment = next_step.enrolment
                and done.contact_id = next_step.contact_id
        )
    )
