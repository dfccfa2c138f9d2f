-- Who of a run's contacts (erasing) is heard of since the list was made, or is held: they stay. A request is never
-- dropped. A click counts where it is one more than when the list was made: whether a robot made it, tomorrow's build says.
with

acts as (

    select contact_id, ordered_at as acted_at from raw.crm_orders
    union all
    select contact_id, logged_in_at from raw.crm_logins
    union all
    select contact_id, occurred_at from raw.crm_interactions
    union all
    select contact_id, set_at from raw.crm_preferences
    union all
    select contact_id, signed_up_at from raw.crm_contacts
    union all
    select contact_id, marketing_consent_at from raw.crm_contacts where marketing_consent
    union all
    select contact_id, tracking_consent_at from raw.crm_contacts where tracking_consent

),

clicks as (

    select contact_id, count(*) as clicks
    from raw.esp_events
    where event = 'clicked' and coalesce(actor, 'human') = 'human'
    group by contact_id

)

select erasing.contact_id
from erasing
where
    erasing.reason <> 'request'
    and (
        exists (
            select 1 from acts
            where acts.contact_id = erasing.contact_id and acts.acted_at > erasing.last_contact_at::timestamp
        )
        or exists (
            select 1 from clicks
            where clicks.contact_id = erasing.contact_id and clicks.clicks > erasing.clicks::bigint
        )
        or exists (
            select 1 from raw.crm_contacts as contacts
            where contacts.contact_id = erasing.contact_id and contacts.hold_until::date > $as_of::date + $ahead_days::integer
        )
    )
order by erasing.contact_id
