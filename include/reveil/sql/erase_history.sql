-- When what is known of people begins, and how many months the longest retention period has.
select
    least(
        (select min(ordered_at) from raw.crm_orders),
        (select min(logged_in_at) from raw.crm_logins),
        (select min(occurred_at) from raw.crm_interactions),
        (select min(occurred_at) from raw.esp_events)
    ) as begins_at,
    (select max(months) from seeds.retention_periods) as months
