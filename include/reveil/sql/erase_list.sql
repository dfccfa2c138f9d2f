-- Who is to be erased in a run, with what is needed to do it without the warehouse's rows: reason, last act, addresses,
-- clicks so far, objections, subscribers at the provider.
with

clicks as (

    select contact_id, count(*) as clicks
    from raw.esp_events
    where event = 'clicked' and coalesce(actor, 'human') = 'human'
    group by contact_id

),

objections as (

    select distinct coalesce(contacts.normalised_email, events.contact_id) as mailbox
    from raw.esp_events as events
    left join raw.crm_contacts as contacts using (contact_id)
    where events.event in ('unsubscribed', 'complained')

),

subscribers as (

    select contact_id, list(distinct esp_id order by esp_id) as esp_ids
    from journal.esp_contacts
    where esp = $esp
    group by contact_id

),

-- who shares an address with somebody who stays
shared as (

    select distinct contacts.contact_id
    from raw.crm_contacts as contacts
    inner join raw.crm_contacts as others
        on contacts.normalised_email = others.normalised_email and contacts.contact_id <> others.contact_id
    where others.contact_id not in (select contact_id from marts.erasure_due where reason in (select unnest($reasons)))

)

select
    due.contact_id,
    due.reason,
    due.last_contact_at,
    contacts.normalised_email,
    list_distinct(list_filter(
        [contacts.email, trim(contacts.email), contacts.normalised_email], lambda address: address is not null
    )) as spellings,
    coalesce(subscribers.esp_ids, []) as esp_ids,
    coalesce(clicks.clicks, 0) as clicks,
    coalesce(contacts.normalised_email, due.contact_id) in (select mailbox from objections)
    or due.contact_id in (select mailbox from objections) as had_objected,
    due.contact_id in (select contact_id from shared) as shares_mailbox
from marts.erasure_due as due
inner join raw.crm_contacts as contacts using (contact_id)
left join clicks using (contact_id)
left join subscribers using (contact_id)
where due.reason in (select unnest($reasons))
order by due.contact_id
