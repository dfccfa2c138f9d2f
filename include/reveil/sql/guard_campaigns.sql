-- campaigns at the e-mail service that were started, are not settled, and have contacts of the provider
select distinct started.batch_key, started.esp_campaign_id
from journal.batch_events as started
inner join journal.batch_contacts as batch_contacts using (batch_key)
inner join marts.contacts as contacts using (contact_id)
where started.event = 'started'
    and started.esp_campaign_id is not null
    and contacts.provider = $provider
    and not exists (
        select 1
        from journal.batch_events as ended
        where ended.batch_key = started.batch_key and ended.event in ('closed', 'cancelled')
    )
order by 1, 2
