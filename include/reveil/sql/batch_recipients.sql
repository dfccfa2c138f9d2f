-- Who of a batch may be mailed at this moment. The raw tables are asked, not the marts: what was
-- gathered or loaded since the marts were built counts, up to the provider's time if it is not the world's. Objections hold for the whole mailbox.
with batch as (
    select batch_contacts.contact_id, contacts.normalised_email, contacts.email, contacts.first_name,
        contacts.last_name, contacts.marketing_consent
    from journal.batch_contacts as batch_contacts
    left join raw.crm_contacts as contacts using (contact_id)
    where batch_contacts.batch_key = $batch_key and batch_contacts.outcome is null
),

mailbox_contacts as (
    select contacts.contact_id, contacts.normalised_email
    from raw.crm_contacts as contacts
    inner join batch using (normalised_email)
),

objections as (
    select
        mailbox_contacts.normalised_email,
        bool_or(events.event = 'unsubscribed') as has_objected,
        bool_or(events.event = 'complained') as has_complained,
        bool_or(events.event = 'bounced_hard') as has_bounced
    from raw.esp_events as events
    inner join mailbox_contacts using (contact_id)
    where events.event in ('unsubscribed', 'complained', 'bounced_hard')
        and ($until::timestamp is null or events.occurred_at <= $until)
    group by mailbox_contacts.normalised_email
),

requests as (
    select contact_id, lower(trim(email)) as normalised_email
    from raw.crm_erasure_requests
    where $until::timestamp is null or requested_at <= $until
    union all
    select contact_id, null from journal.erasure_freezes
)

select
    batch.contact_id,
    batch.normalised_email as address,
    trim(concat_ws(' ', batch.first_name, batch.last_name)) as name,
    case
        when batch.contact_id in (select contact_id from requests where contact_id is not null)
            or batch.normalised_email in (select normalised_email from requests where normalised_email is not null)
            then 'erasure_pending'
        when objections.has_objected then 'objected'
        when objections.has_complained then 'complained'
        when objections.has_bounced then 'hard_bounce'
        when batch.marketing_consent is distinct from true then 'no_consent'
        when batch.normalised_email is null then 'no_address'
    end as refused_why
from batch
left join objections using (normalised_email)
order by batch.contact_id
