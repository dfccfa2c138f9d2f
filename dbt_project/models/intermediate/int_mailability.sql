-- whether a contact may be e-mailed at all, and the first reason why not
with

contacts as (

    select * from {{ ref('int_contacts') }}

),

requests as (

    select * from {{ ref('int_erasure_requests') }}

),

freezes as (

    select distinct contact_id from {{ ref('stg_journal__erasure_freezes') }}

),

frequencies as (

    select * from {{ ref('int_frequencies') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

mailboxes as (

    select * from {{ ref('int_mailboxes') }}

),

refusals as (

    select
        contact_id,
        max(case when event = 'unsubscribed' then 1 else 0 end) as unsubscribed,
        max(case when event = 'complained' then 1 else 0 end) as complained,
        max(case when event = 'bounced_hard' then 1 else 0 end) as bounced
    from {{ ref('int_refusals') }}
    group by contact_id

),

-- what one contact of a mailbox refused holds for all of them
mailbox_refusals as (

    select
        mailboxes.mailbox_id,
        max(refusals.unsubscribed) as unsubscribed,
        max(refusals.complained) as complained,
        max(refusals.bounced) as bounced
    from refusals
    inner join mailboxes on refusals.contact_id = mailboxes.contact_id
    group by mailboxes.mailbox_id

),

judged as (

    select
        contacts.contact_id,
        contacts.mailbox_id,
        engagement.engaged_at,
        coalesce(frequencies.frequency, '') = 'never' as wants_none,
        case
            when requests.contact_id is not null or freezes.contact_id is not null then 'erasure_pending'
            when greatest(coalesce(refusals.unsubscribed, 0), coalesce(mailbox_refusals.unsubscribed, 0)) = 1
                then 'objected'
            when greatest(coalesce(refusals.complained, 0), coalesce(mailbox_refusals.complained, 0)) = 1
                then 'complained'
            when greatest(coalesce(refusals.bounced, 0), coalesce(mailbox_refusals.bounced, 0)) = 1
                then 'hard_bounce'
            when not contacts.marketing_consent then 'no_consent'
            when contacts.mailbox_id is null then 'no_address'
        end as own_reason
    from contacts
    left join requests on contacts.contact_id = requests.contact_id
    left join freezes on contacts.contact_id = freezes.contact_id
    left join refusals on contacts.contact_id = refusals.contact_id
    left join mailbox_refusals on contacts.mailbox_id = mailbox_refusals.mailbox_id
    left join frequencies on contacts.contact_id = frequencies.contact_id
    left join engagement on contacts.contact_id = engagement.contact_id

),

-- one contact a mailbox: the most recently engaged of those whom nothing else holds back
candidates as (

    select
        contact_id,
        mailbox_id,
        row_number() over (partition by mailbox_id order by engaged_at desc, contact_id asc) as mailbox_order
    from judged
    where
        own_reason is null
        and not wants_none

),

chosen as (

    select
        contact_id,
        mailbox_id
    from candidates
    where mailbox_order = 1

)

select
    judged.contact_id,
    judged.mailbox_id,
    judged.engaged_at,
    case
        when judged.own_reason is not null then judged.own_reason
        when chosen.contact_id <> judged.contact_id then 'same_mailbox'
        when judged.wants_none then 'frequency_never'
    end as not_mailable_reason
from judged
left join chosen on judged.mailbox_id = chosen.mailbox_id
