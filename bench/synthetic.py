"""Raw tables of any size, written straight into a warehouse: what a shop with newsletters would have after years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from reveil.settings import Settings
from reveil.warehouse import Warehouse

UNTIL = datetime(2026, 11, 1)
"""The first night looks from here; the events end here."""
_PORTION = 10_000_000
_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class Size:
    """How many of each, over so many days before UNTIL."""

    contacts: int
    events: int
    orders: int
    logins: int
    days: int

    def scaled_to(self, days: int) -> Size:
        """As many a day, over another time."""
        return Size(
            self.contacts,
            self.events * days // self.days,
            self.orders * days // self.days,
            self.logins * days // self.days,
            days,
        )


def statement(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


def write(settings: Settings, size: Size) -> None:
    """A warehouse of that size."""
    since = UNTIL - timedelta(days=size.days)
    with Warehouse(settings).write("bench") as connection:
        connection.execute("set preserve_insertion_order = true")
        connection.execute(statement("contacts"), {"until": UNTIL, "contacts": size.contacts})
        _append(connection, size, since, first=0, load_id=1)
        connection.execute("checkpoint")


def write_day(settings: Settings, size: Size, day: int) -> None:
    """One day more, after `day` earlier ones."""
    with Warehouse(settings).write("bench") as connection:
        first = 10_000_000_000 + day * 10_000_000
        _append(connection, size.scaled_to(1), UNTIL + timedelta(days=day), first=first, load_id=2 + day)


def _append(connection: duckdb.DuckDBPyConnection, size: Size, since: datetime, first: int, load_id: int) -> None:
    shared: dict[str, Any] = {"since": since, "days": size.days, "contacts": size.contacts}
    shared |= {"first": first, "load_id": load_id}
    # a table is read by all cores, range() by one
    connection.execute("create or replace temp table numbers as select n from range(?) as numbers (n)", [_PORTION])
    for start in range(0, size.events, _PORTION):
        bound = {**shared, "events": size.events, "from": start, "to": min(start + _PORTION, size.events)}
        connection.execute(statement("events"), bound)
    for table in ("orders", "logins"):
        connection.execute(statement(table), {**shared, table: getattr(size, table)})
