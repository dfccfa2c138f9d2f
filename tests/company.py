"""A small company: a dozen contacts whose exports lie in the landing folder, half of them dormant."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

NIGHT = datetime(2025, 3, 10)
"""A Monday; the exports are of the day before."""
CONTACTS = 12
DORMANT = frozenset(f"k{n:02}" for n in range(0, CONTACTS, 2))

_DAY_BEFORE = NIGHT - timedelta(days=1)


def address(contact_id: str) -> str:
    """No part of it stands in a file name, a rule or a word of a log."""
    return f"zoe.quarrel-{contact_id}@orange.example"


def export(landing: Path, night: datetime = NIGHT) -> None:
    """The files of the day before `night`: everybody signed up long ago, the dormant bought long ago."""
    day_before = night - timedelta(days=1)
    contacts = [f"k{n:02}" for n in range(CONTACTS)]
    rows = [
        (one, address(one), "Zoé", "fr", "fashion", "2023-01-05", "true", "2023-01-05", "true", day_before.isoformat())
        for one in contacts
    ]
    head = (
        "contact_id,email,first_name,language,business_line,signed_up_at,marketing_consent,marketing_consent_at,"
        "tracking_consent,updated_at"
    )
    write(landing / "crm_contacts.csv", head, rows)
    orders = [
        (
            f"o-{one}",
            one,
            (day_before - timedelta(days=400 if one in DORMANT else 0)).isoformat(),
            "25.00",
            "EUR",
            "paid",
        )
        for one in contacts
    ]
    write(landing / "crm_orders.csv", "order_id,contact_id,ordered_at,amount,currency,status", orders)


def write(file: Path, head: str, rows: Iterable[Iterable[object]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(head.split(","))
        writer.writerows(rows)
