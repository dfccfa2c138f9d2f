-- when each mailbox was last written to, by a regular send or by a batch that was not refused
with

messages as (

    select
        contact_id,
        sent_at
    from {{ ref('stg_esp__sends') }}
    where {{ visible('sent_at') }}
    union all
    select
        contact_id,
        planned_as_of as sent_at
    from {{ ref('stg_journal__batch_contacts') }}
    where
        coalesce(outcome, '') <> 'refused'
        and {{ visible('planned_as_of') }}

),

mailboxes as (

    select * from {{ ref('int_mailboxes') }}

)

select
    mailboxes.mailbox_id,
    max(messages.sent_at) as last_message_at
from messages
inner join mailboxes on messages.contact_id = mailboxes.contact_id
group by mailboxes.mailbox_id
