-- What the models would have decided of everybody in raw.crm_contacts on one night: the first message of winback.
create schema if not exists marts;
create or replace table marts.contacts as
    select contact_id, 'm' || contact_id as mailbox_id, 'gmail' as provider from raw.crm_contacts;
create or replace table marts.contact_status as
    select contact_id, $as_of::timestamp as as_of, true as is_mailable from raw.crm_contacts;
create or replace table marts.next_step as
    select contact_id, $as_of::timestamp as as_of, 'winback' as campaign, 1 as enrolment, 'we_miss_you' as step,
        'we_miss_you' as message, language, null::varchar as offer, 0::decimal(18, 2) as offer_cost,
        row_number() over (order by contact_id) as priority, null::varchar as budget, null::varchar as currency,
        'treated' as arm, true as is_enrolment, null::date as closes_on, 'v1' as file_digest
    from raw.crm_contacts;
create or replace table marts.contact_recency as
    select contact_id, 100 - row_number() over (order by contact_id) as spend from raw.crm_contacts;
create or replace table marts.deliverability as
    select $as_of::date as day, 'gmail' as provider, $as_of::timestamp as as_of, 'ok' as verdict,
        null::bigint as allowed_volume, 'no limit reached' as why;
create schema if not exists intermediate;
create or replace table intermediate.int_sending_rates as
    select $as_of::date as day, 'gmail' as provider, limit_name, 0 as messages, 0 as happenings
    from (values ('hard_bounce_rate'), ('reactivation_complaint_rate'), ('complaint_rate')) as limits (limit_name);
create schema if not exists seeds;
create or replace table seeds.deliverability_limits as
    select *
    from (values ('hard_bounce_rate', 0.02, 5), ('reactivation_complaint_rate', 0.001, 5), ('complaint_rate', 0.003, 5))
        as limits (limit_name, halt_at, min_messages);
