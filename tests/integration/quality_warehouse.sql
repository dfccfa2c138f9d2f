-- A small warehouse without a fault, as of 1998-07-01: 20 contacts, 4 of them dormant and planned for tonight.
insert into journal.loads (
    load_id, table_name, file_name, digest, origin, mode, as_of, rows_read, rows_new, rows_changed,
    rows_unchanged, rows_rejected, rows_removed, is_shrunken, recorded_at
)
select
    1, table_name, table_name || '.csv', 'd', 'company', 'full', timestamp '1998-07-01', 1000, 1000, 0,
    0, 1, 0, false, timestamp '1998-07-01 02:00:00'
from (values ('crm_contacts'), ('crm_orders'), ('esp_events')) as tables (table_name);

insert into raw.rejects
select 1, table_name, table_name || '.csv', 7, null, 'no_key' from journal.loads;

insert into raw.crm_contacts by name
select
    'c' || n as contact_id,
    'person' || n || '@shop.example' as email,
    'person' || n || '@shop.example' as normalised_email,
    if(n % 2 = 0, 'customer', 'prospect') as contact_kind,
    timestamp '1997-01-01' + n * interval 1 day as signed_up_at,
    true as marketing_consent,
    timestamp '1997-01-01' + n * interval 1 day as marketing_consent_at,
    n % 2 = 0 as tracking_consent,
    timestamp '1997-01-01' + n * interval 1 day as tracking_consent_at,
    timestamp '1998-06-30' as updated_at,
    timestamp '1998-06-30' as first_loaded_at,
    1 as load_id
from range(1, 21) as numbers (n);

insert into raw.crm_orders by name
select
    'o' || n as order_id,
    'c' || n as contact_id,
    timestamp '1997-06-01' + n * interval 1 day as ordered_at,
    n * 10.00 as amount,
    'EUR' as currency,
    'paid' as status,
    timestamp '1998-06-30' as updated_at,
    1 as load_id
from range(1, 21) as numbers (n);

insert into raw.crm_logins
select contact_id, ordered_at, 1 from raw.crm_orders;

insert into raw.crm_interactions
select contact_id, ordered_at, 'visit', 1 from raw.crm_orders;

insert into raw.crm_preferences
select contact_id, ordered_at, 'monthly', 3, 1 from raw.crm_orders;

insert into raw.crm_erasure_requests
select 'r1', 'c20', null, timestamp '1998-06-29', 'phone', 1;

insert into journal.batches (batch_key, campaign, step, message, language, as_of, n, esp, planned)
values ('winback/first/hello/en/1998-06-01/1', 'winback', 'first', 'hello', 'en', timestamp '1998-06-01', 1, 'sandbox', 1);

insert into journal.batch_contacts (batch_key, campaign, enrolment, step, contact_id, as_of, outcome)
values ('winback/first/hello/en/1998-06-01/1', 'winback', 1, 'first', 'c19', timestamp '1998-06-01', 'sent');

insert into raw.esp_sends by name
select
    'sandbox' as esp,
    'news' as campaign,
    contact_id,
    timestamp '1998-06-01' as sent_at,
    if(contact_id = 'c19', 'winback/first/hello/en/1998-06-01/1', null) as batch_key,
    1 as load_id
from raw.crm_contacts;

insert into raw.esp_events by name
select
    'sandbox' as esp,
    'e' || contact_id as event_id,
    contact_id,
    'news' as campaign,
    if(tracking_consent, 'opened', 'clicked') as event,
    timestamp '1998-06-02' as occurred_at,
    'human' as actor,
    'https://shop.example/new' as url,
    1 as load_id
from raw.crm_contacts;

insert into raw.postmaster_rates
values (date '1998-06-30', 'shop.example', 0.0004, 1);

create schema marts;

create table marts.contacts as
select
    contact_id,
    timestamp '1998-07-01' as as_of,
    email,
    'm' || contact_id as mailbox_id,
    'other' as provider,
    'en' as language,
    'shop' as business_line,
    contact_kind
from raw.crm_contacts;

create table marts.contact_recency as
select
    contact_id,
    timestamp '1998-07-01' as as_of,
    timestamp '1997-01-02' as signed_up_at,
    timestamp '1998-06-02' as last_open_at,
    timestamp '1998-06-02' as last_click_at,
    timestamp '1997-06-02' as first_purchase_at,
    timestamp '1997-06-02' as last_purchase_at,
    null::timestamp as last_login_at,
    29 as days_since_open, 29 as days_since_click, 394 as days_since_purchase,
    null::integer as days_since_login, 545 as days_since_sign_up,
    1 as opens_30d, 1 as opens_90d, 1 as opens_180d, 1 as opens_365d,
    1 as clicks_30d, 1 as clicks_90d, 1 as clicks_180d, 1 as clicks_365d,
    0 as purchases_30d, 0 as purchases_90d, 0 as purchases_180d, 0 as purchases_365d,
    0 as logins_30d, 0 as logins_90d, 0 as logins_180d, 0 as logins_365d,
    1 as order_count, 1 as purchase_days, 0 as closed_gaps
from raw.crm_contacts;

create table marts.contact_status as
select
    contact_id,
    timestamp '1998-07-01' as as_of,
    'shop' as business_line,
    if(contact_id in ('c1', 'c2', 'c3', 'c4'), 'dormant', 'active') as status,
    date '1998-06-01' as status_since,
    29 as days_since,
    if(contact_id in ('c1', 'c2', 'c3', 'c4'), 'silent', 'fresh_signal') as rule,
    false as is_drifting,
    contact_id <> 'c20' as is_mailable,
    if(contact_id = 'c20', 'erasure_pending', null) as not_mailable_reason
from raw.crm_contacts;

create table marts.next_step as
select
    'treated' as arm,
    contact_id,
    timestamp '1998-07-01' as as_of,
    'winback' as campaign,
    1 as enrolment,
    'first' as step,
    'hello' as message,
    'en' as language,
    null::varchar as offer,
    0.00 as offer_cost,
    'dormant since 1998-06-01' as reason,
    'treated' as arm,
    row_number() over (order by contact_id) as priority
from marts.contact_status
where status = 'dormant';

create table marts.regular_audience as
select
    contact_id,
    as_of,
    case when contact_id = 'c5' then 'monthly' else 'weekly' end as frequency
from marts.contact_status
where status = 'active' and is_mailable;

create table marts.campaign_position as
select
    'c5' as contact_id,
    timestamp '1998-07-01' as as_of,
    'winback' as campaign,
    1 as enrolment,
    'treated' as arm,
    'first' as step,
    null::varchar as next_step,
    null::varchar as exit;

create table marts.held_back as
select
    'c5' as contact_id,
    timestamp '1998-07-01' as as_of,
    'winback' as campaign,
    'too_soon' as reason;

create table marts.campaign_messages as
select
    'c5' as contact_id,
    timestamp '1998-07-01' as as_of,
    'winback' as campaign,
    1 as enrolment,
    'first' as step,
    true as sent,
    true as purchased,
    10.00 as revenue;

create table marts.campaign_results as
select
    'winback' as campaign,
    'first' as step,
    timestamp '1998-07-01' as as_of,
    2::bigint as sent,
    0::bigint as unknown,
    2::bigint as delivered,
    1::bigint as opened,
    0::bigint as clicked,
    1::bigint as purchased,
    10.00 as revenue,
    5.00 as spend_committed;

create table marts.campaign_lift as
select
    unnest(['winback', 'goodbye']) as campaign,
    timestamp '1998-07-01' as as_of,
    unnest([1000, 10])::bigint as treated,
    unnest([100, 0])::bigint as treated_converted,
    unnest([1000, 0])::bigint as holdout,
    unnest([50, 0])::bigint as holdout_converted,
    unnest([0.05, null]) as lift,
    unnest([0.0266, null]) as lift_low,
    unnest([0.0735, null]) as lift_high,
    unnest(['better', 'inconclusive']) as verdict,
    unnest([date '1998-06-30', date '1998-08-01']) as read_date;

create table marts.deliverability as
select
    unnest([date '1998-06-30', date '1998-07-01', date '1998-07-01']) as day,
    unnest(['other', 'other', 'gmail']) as provider,
    timestamp '1998-07-01' as as_of,
    0.001 as complaint_rate,
    0.001 as esp_complaint_rate,
    0.01 as hard_bounce_rate,
    0.01 as soft_bounce_rate,
    null::double as unsubscribe_rate,
    unnest(['ok', 'ok', 'halt']) as verdict,
    unnest([null, 1000, 0]) as allowed_volume,
    'figures' as why;

create table marts.erasure_due as
select
    'c20' as contact_id,
    timestamp '1998-07-01' as as_of,
    'request' as reason,
    timestamp '1998-06-02' as last_contact_at,
    'click' as last_contact_signal,
    date '1998-07-29' as due_on,
    0 as days_overdue;

insert into journal.audience by name
select
    campaign, enrolment, step, message, language, contact_id,
    'm' || contact_id as mailbox_id,
    'other' as provider,
    as_of,
    true as is_mailable,
    true as has_address,
    timestamp '1998-06-01' as last_message_at,
    priority
from marts.next_step;
