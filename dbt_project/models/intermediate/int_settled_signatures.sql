-- what the settled part of a contact's history is made of: while this stays the same, it does
with

events as (

    select
        contact_id,
        {{ fingerprint_of_rows(['signal', 'first_at', 'last_at']) }} as settled_fingerprint
    from {{ ref('int_settled_events') }}
    where signal in ('open', 'click')
    group by contact_id

),

orders as (

    select * from {{ ref('int_contact_orders') }}

),

logins as (

    select * from {{ ref('int_contact_logins') }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

sign_ups as (

    select
        contact_id,
        cast(last_at as date) as signed_up_on
    from {{ ref('int_contact_signals') }}
    where
        signal = 'sign_up'
        and last_at < {{ settled_until() }}

)

select
    contacts.contact_id,
    {{ fingerprint([
        'contacts.business_line',
        'contacts.contact_kind',
        'sign_ups.signed_up_on',
        'events.settled_fingerprint',
        'orders.settled_fingerprint',
        'logins.settled_fingerprint',
        settled_until(),
    ]) }} as signature
from contacts
left join events on contacts.contact_id = events.contact_id
left join orders on contacts.contact_id = orders.contact_id
left join logins on contacts.contact_id = logins.contact_id
left join sign_ups on contacts.contact_id = sign_ups.contact_id
where
    sign_ups.contact_id is not null
    or events.settled_fingerprint is not null
    or orders.settled_fingerprint is not null
    or logins.settled_fingerprint is not null
