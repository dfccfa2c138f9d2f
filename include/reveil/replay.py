"""Many nights one after the other, with the sandbox's recipients: what a year of campaigns does to a customer base.

A replay lives in a data folder of its own, writes what each night came to into `replay/nights.csv` as soon as the
night is over, and goes on from there when it is run again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reveil import verbs
from reveil.errors import BadInput
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql

STATUSES = ("active", "dormant", "lost")


@dataclass(frozen=True)
class Night:
    """What a night came to: contacts per status at its instant, messages by outcome, erasure."""

    night: str
    active: int = 0
    dormant: int = 0
    lost: int = 0
    sent: int = 0
    refused: int = 0
    unknown: int = 0
    due: int = 0
    overdue: int = 0


def replay(settings: Settings, first: datetime, last: datetime, every: timedelta) -> Report:
    """Run the nights from `first` to `last`, `every` so many days, and sum them up in a table and a plot.

    Raises BadInput with a real provider, for nights out of order, and in a data folder whose warehouse was not
    begun by a replay; and what the steps raise.
    """
    _require_a_folder_of_its_own(settings)
    if last < first or every < timedelta(days=1):
        raise BadInput("replay: --from must not be after --to, and --every must be a day or more")
    folder = settings.replay
    folder.mkdir(parents=True, exist_ok=True)
    nights = _read(folder / "nights.csv")
    with verbs.located(settings, clock=first) as there:
        for night in _missing(first, last, every, nights):
            nights.append(_play(there, night))
            _write(folder / "nights.csv", nights)
    (folder / "nights.svg").write_text(plot(nights), encoding="utf-8")
    figures = {"nights": [asdict(night) for night in nights], "folder": str(folder)}
    return Report("replay", (*table(nights), "", f"plot: {folder / 'nights.svg'}"), figures)


def _require_a_folder_of_its_own(settings: Settings) -> None:
    if not settings.esp.is_sandbox:
        raise BadInput(f"replay: only with the sandbox; with {settings.esp.provider} past nights would mail people")
    if settings.warehouse.exists() and not settings.replay.exists():
        raise BadInput(
            f"replay: {settings.warehouse} is a live warehouse; name a folder of its own with REVEIL_DATA, "
            "e.g. REVEIL_DATA=data/replay reveil replay …"
        )


def _missing(first: datetime, last: datetime, every: timedelta, done: Sequence[Night]) -> Iterator[datetime]:
    """The nights still to play: those after the newest that was finished."""
    newest = max((datetime.fromisoformat(night.night) for night in done), default=None)
    night = first
    while night <= last:
        if newest is None or night > newest:
            yield night
        night += every


def _play(settings: Settings, night: datetime) -> Night:
    with verbs.connected(settings) as esp:
        esp.move_sandbox_clock(night)
    for step in verbs.STEPS:
        if step != "close night":  # the next night moves the clock, by as much as lies between
            verbs.take(step, settings, night)
    with Warehouse(settings).read("replay: the night's figures") as connection:
        cursor = connection.execute(sql("replay_night"), {"as_of": night})
        names = [column[0] for column in cursor.description or ()]
        row = cursor.fetchall()[0]
    return Night(night.isoformat(), **dict(zip(names, row, strict=True)))


def _read(file: Path) -> list[Night]:
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        return [Night(**{name: _value(name, text) for name, text in row.items()}) for row in csv.DictReader(stream)]


def _value(name: str, text: str) -> Any:
    return text if name == "night" else int(text)


def _write(file: Path, nights: Sequence[Night]) -> None:
    """Whole or not at all: a replay that is killed goes on after the last night that is written."""
    draft = file.with_suffix(".draft")
    with draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(Night)])
        writer.writeheader()
        writer.writerows(asdict(night) for night in nights)
    draft.replace(file)


def table(nights: Sequence[Night]) -> tuple[str, ...]:
    """One line a night."""
    names = [field.name for field in fields(Night)]
    head = f"{names[0]:<12}" + "".join(f"{name:>10}" for name in names[1:])
    return (head, *(_line(asdict(night)) for night in nights))


def _line(row: dict[str, Any]) -> str:
    night = str(row.pop("night"))[:10]
    return f"{night:<12}" + "".join(f"{count:>10,}" for count in row.values())


# --- the plot ------------------------------------------------------------------------------------------------------

_WIDTH, _HEIGHT, _LEFT, _TOP = 720, 260, 70, 30
_COLOURS = {"active": "#2a9d5c", "dormant": "#e0a100", "lost": "#c0392b", "sent": "#2b6cb0"}


def plot(nights: Sequence[Night]) -> str:
    """An SVG page: contacts per status above, messages per night below."""
    parts = [
        _panel(nights, STATUSES, "contacts", 0),
        _panel(nights, ("sent",), "messages a night", _HEIGHT + 2 * _TOP),
    ]
    height = 2 * (_HEIGHT + 2 * _TOP) + _TOP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + _LEFT + 110} {height}" '
        f'font-family="sans-serif" font-size="12">{"".join(parts)}</svg>\n'
    )


def _panel(nights: Sequence[Night], names: Sequence[str], title: str, top: int) -> str:
    rows = [asdict(night) for night in nights]
    most = max((row[name] for row in rows for name in names), default=0) or 1
    base = top + _TOP + _HEIGHT
    parts = [
        f'<text x="{_LEFT}" y="{top + 20}" font-weight="bold">{title}</text>',
        f'<path d="M{_LEFT} {top + _TOP}V{base}H{_LEFT + _WIDTH}" fill="none" stroke="#888"/>',
        f'<text x="{_LEFT - 6}" y="{top + _TOP + 10}" text-anchor="end">{most:,}</text>',
        f'<text x="{_LEFT - 6}" y="{base}" text-anchor="end">0</text>',
    ]
    for name in names:
        points = [(_x(number, len(rows)), base - row[name] / most * _HEIGHT) for number, row in enumerate(rows)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{_COLOURS[name]}" stroke-width="2"/>')
        if points:
            x, y = points[-1]
            parts.append(f'<text x="{x + 6:.1f}" y="{y + 4:.1f}" fill="{_COLOURS[name]}">{name}</text>')
    if rows:
        parts += [
            f'<text x="{_LEFT}" y="{base + 16}">{rows[0]["night"][:10]}</text>',
            f'<text x="{_LEFT + _WIDTH}" y="{base + 16}" text-anchor="end">{rows[-1]["night"][:10]}</text>',
        ]
    return "".join(parts)


def _x(number: int, count: int) -> float:
    return _LEFT + _WIDTH * (number / (count - 1) if count > 1 else 1)
