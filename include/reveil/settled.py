"""Which part of the past a build reads anew, and which it has folded already.

Counts reach back a year. Older events are folded into one row a contact and run of a signal
(dbt_project/models/intermediate/int_settled_events.sql); each build proves that they still are what
the raw rows come to, and has them made anew where they are not. The reasons stand in
docs/decisions/0022-a-night-does-not-pay-for-history.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from reveil.seeds import shortest_covers
from reveil.settings import Settings
from reveil.warehouse import sql

NOTHING = date(1900, 1, 1)
"""No event is older; `events_from` that day means that everything is read."""
READ_DAYS = 365
"""The longest window of contact_recency: at least so much is read every night."""
_COUNTED = {"raw.esp_events": "occurred_at", "raw.esp_sends": "sent_at"}
"""The tables whose rows are counted when they are settled, and when they occurred."""


@dataclass(frozen=True)
class Window:
    """`settled_until`: the day on which the part read every night begins. `events_from`: the day from which
    events must be read tonight; earlier than `settled_until` when something has to be settled first."""

    settled_until: date
    events_from: date
    rules_version: str
    shortest_cover_days: dict[str, int]

    @property
    def variables(self) -> dict[str, Any]:
        """What dbt_project.yml calls them."""
        return {
            "settled_until": self.settled_until.isoformat(),
            "events_from": self.events_from.isoformat(),
            "rules_version": self.rules_version,
            "shortest_cover_days": self.shortest_cover_days,
        }


def window(
    settings: Settings, connection: duckdb.DuckDBPyConnection, as_of: datetime, *, full_refresh: bool = False
) -> Window:
    """What a build as of `as_of` (naive UTC) must read. Raises BadInput for thresholds that cannot be."""
    until = first_of_month(as_of.date() - timedelta(days=READ_DAYS))
    version = rules_version(settings.dbt_project)
    settled = None if full_refresh else _settled_until(connection, version)
    holds = settled is not None and settled <= until
    covers = shortest_covers(settings.dbt_project / "seeds" / "status_thresholds.csv")
    return Window(until, settled if holds and settled else NOTHING, version, covers)


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def rules_version(dbt_project: Path) -> str:
    """A digest of everything that says what a settled row is: models, macros, variables, thresholds. Another
    version settles everything anew."""
    digest = hashlib.sha256()
    for file in _rule_files(dbt_project):
        digest.update(file.relative_to(dbt_project).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _rule_files(dbt_project: Path) -> Iterator[Path]:
    yield dbt_project / "dbt_project.yml"
    yield dbt_project / "seeds" / "status_thresholds.csv"
    for folder in ("macros", "models/staging", "models/intermediate"):
        yield from sorted((dbt_project / folder).rglob("*.sql"))


def take_out(connection: duckdb.DuckDBPyConnection, leaving: str, tables: Collection[str] = tuple(_COUNTED)) -> None:
    """Before rows of whole contacts are deleted from `tables`, in the same transaction: what is settled is not made
    of them any more.

    `leaving` is the condition of the delete. The caller deletes from `int_settled_events` as well. Without this call,
    or where other rows go, the next build settles everything anew.
    """
    if not _exists(connection):
        return
    [(until,)] = connection.execute("select min(settled_until) from intermediate.int_settled_events").fetchall()
    for table in tables:
        rows, fingerprint = _count(connection, table, until, leaving)
        connection.execute(sql("settled_take_out"), {"row_count": rows, "row_fingerprint": fingerprint})


def forget_opens(connection: duckdb.DuckDBPyConnection, leaving: str) -> None:
    """Before the opens of contacts without tracking consent are deleted, in the same transaction: theirs are not
    settled any more either. `leaving` is the condition of the delete, less rows that never were settled."""
    if not _exists(connection):
        return
    take_out(connection, leaving, ["raw.esp_events"])
    connection.execute(sql("settled_forget_opens"))


def _settled_until(connection: duckdb.DuckDBPyConnection, version: str) -> date | None:
    """The day until which events are settled, if they still are what the raw rows come to."""
    if not _exists(connection):
        return None
    state = connection.execute(sql("settled_state"), {"rules_version": version}).fetchall()[0]
    until, is_one_version, *settled = state
    if not is_one_version:
        return None
    counts = [_count(connection, table, until, "true") for table in _COUNTED]
    return until if settled == [sum(column) for column in zip(*counts, strict=True)] else None


def _exists(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute(sql("settled_exists")).fetchall()[0][0])


def _count(connection: duckdb.DuckDBPyConnection, table: str, until: date, condition: str) -> tuple[int, int]:
    """Rows of before the day, and their fingerprint."""
    statement = sql("settled_count").format(table=table, at=_COUNTED[table], condition=condition)
    rows, fingerprint = connection.execute(statement, {"until": until}).fetchall()[0]
    return rows, fingerprint
