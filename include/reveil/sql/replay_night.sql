-- what one night came to, read right after it; the names are those of reveil.replay.Night
with statuses as (
    select
        count(*) filter (where status = 'active') as active,
        count(*) filter (where status = 'dormant') as dormant,
        count(*) filter (where status = 'lost') as lost
    from marts.contact_status
),

messages as (
    select
        count(*) filter (where outcome = 'sent') as sent,
        count(*) filter (where outcome = 'refused') as refused,
        count(*) filter (where outcome = 'unknown') as unknown
    from journal.batch_contacts
    where as_of = $as_of
),

erasure as (
    select count(*) as due, count(*) filter (where days_overdue > 0) as overdue
    from marts.erasure_due
)

select statuses.*, messages.*, erasure.*
from statuses
cross join messages
cross join erasure
