"""What contact_recency counts, in Polars on Parquet files: the outside comparison."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

_WINDOWS = (30, 90, 180, 365)
_LEAVING = "unsub|optout|opt-out|desinscri|desabonn|/subscription/"


def features(folder: Path, as_of: datetime) -> pl.DataFrame:
    """One row a contact, sorted, from esp_events, crm_orders, crm_logins and crm_contacts in `folder`."""
    events = pl.scan_parquet(folder / "esp_events.parquet").filter(pl.col("occurred_at") < as_of)
    contacts = pl.scan_parquet(folder / "crm_contacts.parquet")
    orders = pl.scan_parquet(folder / "crm_orders.parquet").filter(pl.col("ordered_at") < as_of)
    logins = pl.scan_parquet(folder / "crm_logins.parquet").filter(pl.col("logged_in_at") < as_of)
    purchases = orders.filter((pl.col("status").fill_null("paid") == "paid") & (pl.col("amount") >= 0))
    frame = contacts.select("contact_id")
    parts = (
        _counted(_opens(events, contacts), "occurred_at", "open", as_of),
        _counted(_clicks(events), "occurred_at", "click", as_of),
        _counted(logins, "logged_in_at", "login", as_of),
        _counted(purchases, "ordered_at", "purchase", as_of),
        _spend(orders),
        _gaps(purchases),
    )
    for part in parts:
        frame = frame.join(part, on="contact_id", how="left")
    counts = pl.selectors.matches(r"_\d+d$") | pl.selectors.by_name("order_count", "purchase_days", "closed_gaps")
    whole = frame.with_columns(counts.fill_null(0).cast(pl.Int64)).sort("contact_id")
    return whole.collect(engine="streaming")


def _opens(events: pl.LazyFrame, contacts: pl.LazyFrame) -> pl.LazyFrame:
    consenting = contacts.filter(pl.col("tracking_consent")).select("contact_id")
    opened = events.filter((pl.col("event") == "opened") & (pl.col("actor") == "human"))
    return opened.join(consenting, on="contact_id", how="semi")


def _clicks(events: pl.LazyFrame) -> pl.LazyFrame:
    """Of persons; the synthetic set holds one kind of robots, those that click within 5 s of the delivery."""
    clicks = events.filter(pl.col("event") == "clicked")
    keys = ["contact_id", "campaign", "esp"]
    delivered = events.filter(pl.col("event") == "delivered").select(*keys, delivered_at="occurred_at")
    after = pl.col("occurred_at") - pl.col("delivered_at")
    robots = (
        clicks.select(*keys, "event_id", "occurred_at")
        .join(delivered, on=keys)
        .filter((after >= timedelta()) & (after <= timedelta(seconds=5)))
        .select("event_id")
    )
    counted = clicks.filter(
        (pl.col("actor").fill_null("human") == "human")
        & ~pl.col("url").fill_null("").str.to_lowercase().str.contains(_LEAVING)
    )
    return counted.join(robots, on="event_id", how="anti")


def _counted(rows: pl.LazyFrame, at: str, signal: str, as_of: datetime) -> pl.LazyFrame:
    counts = [(pl.col(at) >= as_of - timedelta(days=days)).sum().alias(f"{signal}s_{days}d") for days in _WINDOWS]
    first = [pl.col(at).min().alias("first_purchase_at")] if signal == "purchase" else []
    return rows.group_by("contact_id").agg(pl.col(at).max().alias(f"last_{signal}_at"), *first, *counts)


def _spend(orders: pl.LazyFrame) -> pl.LazyFrame:
    is_paid = pl.col("status").fill_null("paid") == "paid"
    counted = pl.col("amount").filter(is_paid | (pl.col("amount") < 0))
    spend = pl.when(counted.count() > 0).then(counted.sum()).alias("spend")
    return orders.group_by("contact_id").agg((is_paid & (pl.col("amount") >= 0)).sum().alias("order_count"), spend)


def _gaps(purchases: pl.LazyFrame) -> pl.LazyFrame:
    days = purchases.select("contact_id", pl.col("ordered_at").dt.date().alias("day")).unique()
    gap = pl.col("day").sort().diff().dt.total_days()
    return days.group_by("contact_id").agg(
        pl.len().alias("purchase_days"),
        gap.count().alias("closed_gaps"),
        gap.median().alias("median_gap_days"),
    )
