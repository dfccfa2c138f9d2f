"""Rows put straight into a warehouse of the test's own, for tests of what is built on them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from reveil.settings import Settings
from reveil.warehouse import Warehouse

Row = dict[str, Any]


def settings_at(folder: Path, **overrides: Any) -> Settings:
    """The shipped settings with a data folder of the test's own."""
    return Settings(data=folder, **overrides)


def contact(contact_id: str, **values: Any) -> Row:
    """A row of raw.crm_contacts who may be mailed, of the line `fashion`, with an address of their own."""
    email = values.pop("email", f"{contact_id}@gmail.example")
    return {
        "contact_id": contact_id,
        "email": email,
        "normalised_email": email,
        "business_line": "fashion",
        "language": "en",
        "marketing_consent": True,
        "tracking_consent": True,
        "first_loaded_at": datetime(2026, 1, 1),
        **values,
    }


def order(order_id: str, contact_id: str, ordered_at: str, **values: Any) -> Row:
    return {"order_id": order_id, "contact_id": contact_id, "ordered_at": ordered_at, "amount": 10, **values}


def event(event_id: str, contact_id: str, kind: str, occurred_at: str, **values: Any) -> Row:
    return {
        "esp": "sandbox",
        "event_id": event_id,
        "contact_id": contact_id,
        "event": kind,
        "occurred_at": occurred_at,
        **values,
    }


def send(contact_id: str, sent_at: str, **values: Any) -> Row:
    return {"esp": "sandbox", "campaign": "regular", "contact_id": contact_id, "sent_at": sent_at, **values}


def add(settings: Settings, table: str, *rows: Row) -> None:
    """Insert rows into `schema.table`; the load's own columns are filled in."""
    loaded = {"load_id": 1} if table.startswith("raw.") and table != "raw.last_opens" else {}
    with Warehouse(settings).write("test") as connection:
        for row in rows:
            _insert(connection, table, {**loaded, **row})


def winback(settings: Settings, max_per_night: int = 100) -> None:
    """The rules of a campaign with one step and texts in English and French."""
    add(
        settings,
        "rules.campaigns",
        {
            "campaign": "winback",
            "audience": "dormant",
            "is_enabled": True,
            "first_step": "hello",
            "max_per_night": max_per_night,
            "default_language": "en",
        },
    )
    step = {"campaign": "winback", "step": "hello", "message": "miss_you", "offer_cost": 0}
    add(settings, "rules.campaign_steps", step)
    texts = [{"campaign": "winback", "message": "miss_you", "language": language} for language in ("en", "fr")]
    add(settings, "rules.campaign_messages", *texts)


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in the warehouse."""
    with Warehouse(settings).read("test") as connection:
        return connection.execute(query).fetchall()


def by_contact(settings: Settings, table: str, columns: str) -> dict[str, Any]:
    """A value, or a tuple of them, per contact_id."""
    found = rows(settings, f"select contact_id, {columns} from {table}")
    return {row[0]: row[1] if len(row) == 2 else row[1:] for row in found}


def _insert(connection: duckdb.DuckDBPyConnection, table: str, row: Row) -> None:
    marks = ", ".join("?" for _ in row)
    connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))
