-- whether what int_settled_events holds still is what the raw rows before its day come to: null without one
-- version, else the day, and whether rows and fingerprints agree
with consenting as (
    select contact_id from raw.crm_contacts where tracking_consent
),
state as (
    select
        min(settled_until) as settled_until,
        min(settled_until) = max(settled_until)
            and min(rules_version) = $rules_version
            and max(rules_version) = $rules_version as is_one_version,
        coalesce(sum(row_count) filter (where is_kept), 0) as row_count,
        coalesce(sum(row_fingerprint) filter (where is_kept), 0) as row_fingerprint
    from (
        select settled.*, settled.signal <> 'all_opened' or consenting.contact_id is not null as is_kept
        from intermediate.int_settled_events as settled
        left join consenting using (contact_id)
    )
)
select
    state.settled_until,
    state.is_one_version
        and state.row_count = events.row_count + sends.row_count
        and state.row_fingerprint = events.row_fingerprint + sends.row_fingerprint as holds
from state
cross join (
    select count(*) as row_count, coalesce(sum((hash(occurred_at, load_id) % 2147483648)::integer), 0) as row_fingerprint
    from raw.esp_events
    where occurred_at < (select min(settled_until) from intermediate.int_settled_events)
) as events
cross join (
    select count(*) as row_count, coalesce(sum((hash(sent_at, load_id) % 2147483648)::integer), 0) as row_fingerprint
    from raw.esp_sends
    where sent_at < (select min(settled_until) from intermediate.int_settled_events)
) as sends
