-- rows of which the models and Polars differ, either way; 0 when they agree
with modelled as (
    select contact_id, last_open_at, opens_30d, opens_90d, opens_180d, opens_365d, last_click_at, clicks_30d, clicks_90d,
        clicks_180d, clicks_365d, last_login_at, logins_30d, logins_90d, logins_180d, logins_365d, last_purchase_at,
        first_purchase_at, purchases_30d, purchases_90d, purchases_180d, purchases_365d, order_count, spend, purchase_days,
        closed_gaps, median_gap_days
    from marts.contact_recency
),
compared as (
    select contact_id, last_open_at, opens_30d, opens_90d, opens_180d, opens_365d, last_click_at, clicks_30d, clicks_90d,
        clicks_180d, clicks_365d, last_login_at, logins_30d, logins_90d, logins_180d, logins_365d, last_purchase_at,
        first_purchase_at, purchases_30d, purchases_90d, purchases_180d, purchases_365d, order_count, spend, purchase_days,
        closed_gaps, median_gap_days
    from read_parquet($file)
)
select (select count(*) from (from modelled except all from compared))
    + (select count(*) from (from compared except all from modelled))
