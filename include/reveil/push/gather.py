"""What recipients did: from the provider's feeds into raw.esp_events, each event once."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from reveil import permission
from reveil.addresses import normalise_address
from reveil.esp.base import Esp, Event, Feed
from reveil.load import honour_tracking_consent
from reveil.push.spool import spool
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql

_COLUMNS = ("feed", "event_id", "esp_id", "source", "event", "occurred_at", "actor", "url", "address")


def gather(settings: Settings, esp: Esp, as_of: datetime) -> Report:
    """Read every feed from its cursor on and merge it; then make each list's unsubscribes global.

    Feeds are spooled to a private file first, so that no warehouse connection is open while the provider
    answers; the file is gone afterwards. A failure anywhere leaves the warehouse as it was, and the next
    gathering reads the same again. Raises EspError.
    """
    warehouse = Warehouse(settings)
    if not warehouse.exists:  # nobody is known yet; a load that fails must leave no warehouse behind
        esp.check()
        return _report([], 0, 0)
    with warehouse.write("gather: cursors") as connection:
        cursors = dict(connection.execute(sql("gather_cursors"), {"esp": esp.name}).fetchall())
    with spool(settings, "gather") as folder:
        file = folder / "events.csv"
        _read_feeds(esp, cursors, file)
        with warehouse.write("gather: merge") as connection:
            connection.begin()
            connection.execute(sql("gather_stage"), {"file": str(file)})
            connection.execute(sql("gather_map"), {"esp": esp.name})
            connection.execute(sql("gather_new"), {"esp": esp.name})
            rows = connection.execute(sql("gather_count"), {"esp": esp.name}).fetchall()
            connection.execute(sql("gather_merge"))
            connection.execute(sql("gather_move_cursors"), {"esp": esp.name, "as_of": as_of})
            not_kept = honour_tracking_consent(connection)
            connection.commit()
    made_global = _suppress_everywhere(settings, warehouse, esp, as_of)
    return _report(rows, not_kept, made_global)


def _read_feeds(esp: Esp, cursors: dict[str, str], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS)
        for feed in esp.feeds(cursors):
            writer.writerows(_rows(feed))


def _rows(feed: Feed) -> Iterator[tuple[object, ...]]:
    for event in feed.events:
        yield (feed.name, *_fields(event))


def _fields(event: Event) -> tuple[object, ...]:
    address = normalise_address(event.address) if event.address else None
    return (*event[:-1], address or "")


def _suppress_everywhere(settings: Settings, warehouse: Warehouse, esp: Esp, as_of: datetime) -> int:
    """Who left one list is kept from all of them, at once. What is journalled is never asked again; a crash
    before that asks again, which changes nothing."""
    if not permission.is_allowed(settings, "send"):
        return 0
    values = {"esp": esp.name, "until": esp.clock()}
    with warehouse.read("gather: unsubscribes to make global") as connection:
        found = connection.execute(sql("unsubscribes_to_suppress"), values).fetchall()
    esp_ids = [esp_id for (esp_id,) in found]
    if esp_ids:
        esp.suppress(esp_ids)
        with warehouse.write("gather: note suppressions") as connection:
            connection.execute(sql("note_suppressions"), {"esp": esp.name, "ids": esp_ids, "as_of": as_of})
    return len(esp_ids)


def _report(rows: list[tuple[str, int, int, int]], not_kept: int, made_global: int) -> Report:
    lines = [f"{event}: {new} new, {known} known, {unknown} of nobody we know" for event, new, known, unknown in rows]
    if not_kept:
        lines.append(f"{not_kept} opens of contacts without tracking consent: only the last date is kept")
    if made_global:
        lines.append(f"{made_global} who left a list are now suppressed on all of them")
    figures = {event: {"new": new, "known": known, "unknown": unknown} for event, new, known, unknown in rows}
    return Report("gather", tuple(lines or ["nothing to gather yet"]), {"events": figures, "made_global": made_global})
