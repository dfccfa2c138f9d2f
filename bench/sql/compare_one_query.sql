-- rows of which the models and the one query differ, either way; 0 when they agree
with modelled as (
    select contact_id, recency.business_line, contact_kind, country, provider, signed_up_at, last_open_at, last_click_at, last_purchase_at, last_login_at,
        first_purchase_at, days_since_open, days_since_click, days_since_purchase, days_since_login, days_since_sign_up,
        opens_30d, opens_90d, opens_180d, opens_365d, clicks_30d, clicks_90d, clicks_180d, clicks_365d,
        purchases_30d, purchases_90d, purchases_180d, purchases_365d, logins_30d, logins_90d, logins_180d, logins_365d,
        order_count, spend, currency, purchase_days, closed_gaps, median_gap_days, status, status_since, history_rows,
        deciding_signal, deciding_signal_at, days_since, rule, threshold_days, next_status, next_status_on, is_drifting,
        is_mailable, not_mailable_reason
    from marts.contact_recency as recency
    join marts.contact_status using (contact_id)
    join (select contact_id, count(*) as history_rows from marts.contact_status_history group by contact_id) using (contact_id)
)
select (select count(*) from (from modelled except all from bench_one_query))
    + (select count(*) from (from bench_one_query except all from modelled))
