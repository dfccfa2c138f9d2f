-- Who is to be on which list at this moment: the audience of tonight's marts, less whoever objected, bounced, lost
-- their consent or asked for erasure since they were built. Objections hold for the whole mailbox;
-- what is later than the provider's time, if that is not the world's, does not count.
create or replace temp table wanted as
with audience as (
    select
        audience.contact_id,
        audience.frequency,
        contacts.normalised_email as address,
        trim(concat_ws(' ', contacts.first_name, contacts.last_name)) as name,
        contacts.load_id as contact_load_id
    from marts.regular_audience as audience
    inner join raw.crm_contacts as contacts using (contact_id)
    where contacts.marketing_consent and contacts.normalised_email is not null
),

refusals as (
    select contacts.normalised_email as address
    from raw.esp_events as events
    inner join raw.crm_contacts as contacts using (contact_id)
    where events.event in ('unsubscribed', 'complained', 'bounced_hard') and contacts.normalised_email is not null
        and ($until::timestamp is null or events.occurred_at <= $until)
    union
    select lower(trim(email))
    from raw.crm_erasure_requests
    where email is not null and ($until::timestamp is null or requested_at <= $until)
    union
    select contacts.normalised_email
    from raw.crm_erasure_requests as requests
    inner join raw.crm_contacts as contacts using (contact_id)
    where contacts.normalised_email is not null and ($until::timestamp is null or requests.requested_at <= $until)
)

select * from audience where address not in (select address from refusals)
