-- the contacts that exist as of the instant, without what names them: a contact who signs up later is there
-- already when something dated before the instant is known of them
with

contacts as (

    select * from {{ ref('stg_crm__contacts') }}

),

mailboxes as (

    select * from {{ ref('int_mailboxes') }}

),

providers as (

    select * from {{ ref('int_providers') }}

),

contacts_seen as (

    select contact_id from {{ ref('int_contact_orders') }}
    union
    select contact_id from {{ ref('int_contact_opens') }}
    union
    select contact_id from {{ ref('int_contact_clicks') }}
    union
    select contact_id from {{ ref('int_contact_logins') }}

)

select
    contacts.contact_id,
    contacts.business_line,
    contacts.contact_kind,
    contacts.country,
    contacts.language,
    mailboxes.mailbox_id,
    providers.provider,
    case when {{ visible('contacts.signed_up_at') }} then contacts.signed_up_at end as signed_up_at,
    least(contacts.first_loaded_at, {{ as_of() }}) as first_loaded_at,
    coalesce(contacts.marketing_consent, false) as marketing_consent,
    contacts.marketing_consent_at,
    coalesce(contacts.tracking_consent, false) as tracking_consent,
    contacts.tracking_consent_at,
    contacts.hold_until
from contacts
left join mailboxes on contacts.contact_id = mailboxes.contact_id
left join providers on mailboxes.domain = providers.domain
left join contacts_seen on contacts.contact_id = contacts_seen.contact_id
where
    contacts.signed_up_at is null
    or {{ visible('contacts.signed_up_at') }}
    or contacts_seen.contact_id is not null
