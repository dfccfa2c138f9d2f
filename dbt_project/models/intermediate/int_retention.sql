-- the retention clock: the last thing that came from the person. An open is not among them, nor a delivery
-- or an unsubscribe; an order is, whatever became of it.
with

contacts as (

    select * from {{ ref('int_contacts') }}

),

acts as (

    select
        contact_id,
        'order' as signal,
        last_order_at as acted_at
    from {{ ref('int_contact_orders') }}
    union all
    select
        contact_id,
        'login' as signal,
        last_login_at as acted_at
    from {{ ref('int_contact_logins') }}
    union all
    select
        contact_id,
        'click' as signal,
        last_click_at as acted_at
    from {{ ref('int_contact_clicks') }}
    union all
    select
        contact_id,
        'preference' as signal,
        set_at as acted_at
    from {{ ref('stg_crm__preferences') }}
    union all
    select
        contact_id,
        'interaction' as signal,
        interacted_at as acted_at
    from {{ ref('stg_crm__interactions') }}
    union all
    select
        contact_id,
        'sign_up' as signal,
        signed_up_at as acted_at
    from contacts
    union all
    select
        contact_id,
        'consent' as signal,
        marketing_consent_at as acted_at
    from contacts
    where marketing_consent
    union all
    select
        contact_id,
        'consent' as signal,
        tracking_consent_at as acted_at
    from contacts
    where tracking_consent

),

last_acts as (

    select
        contact_id,
        signal,
        acted_at,
        row_number() over (partition by contact_id order by acted_at desc, signal asc) as act_order
    from acts
    where {{ visible('acted_at') }}

)

select
    contacts.contact_id,
    contacts.business_line,
    contacts.hold_until,
    -- of whom nothing dated is known, the first load is the last that was heard
    coalesce(last_acts.acted_at, contacts.first_loaded_at) as last_contact_at,
    coalesce(last_acts.signal, 'first_load') as last_contact_signal
from contacts
left join last_acts
    on
        contacts.contact_id = last_acts.contact_id
        and last_acts.act_order = 1
