"""Looks at everything a night needs and says what is wrong, all of it at once. Sends and writes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from reveil import permission, verbs
from reveil.campaigns import read_campaigns
from reveil.errors import Refused, ReveilError
from reveil.load import read_sources
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql

_FREE_BYTES = 2 * 1024**3

Examination = Callable[[Settings], Sequence[str]]


def doctor(settings: Settings) -> Report:
    """Every examination in turn; Refused, listing each fault, when there is one."""
    found, faults = [], []
    for name, examine in EXAMINATIONS.items():
        try:
            found += [f"ok    {name}: {sentence}" for sentence in examine(settings)]
        except ReveilError as error:
            faults.append(f"WRONG {name}: {error}")
    if faults:
        raise Refused("\n".join(["faults found", *found, *faults]))
    stale = [f"STALE {sentence}" for sentence in _stale_messages(settings)]
    return Report("doctor", (*found, *stale), {"ok": len(found), "wrong": 0, "stale_messages": len(stale)})


def _settings(settings: Settings) -> list[str]:
    allowed = [effect for effect in get_args(permission.SideEffect) if permission.is_allowed(settings, effect)]
    provider = f"provider {settings.esp.provider}, side effects allowed: {', '.join(allowed) or 'none'}"
    return [provider, "paused" if settings.pause_file.exists() else "not paused"]


def _sources(settings: Settings) -> list[str]:
    read_sources(settings.sources_file)
    return [f"{settings.sources_file.name} is valid"]


def _campaigns(settings: Settings) -> list[str]:
    campaigns = read_campaigns(settings.campaigns)
    return [f"{one.campaign} is valid{'' if one.enabled else ', switched off'}" for one in campaigns]


def _disk(settings: Settings) -> list[str]:
    free = shutil.disk_usage(_existing(settings.data)).free
    if free < _FREE_BYTES:
        raise Refused(f"{free / 1e9:.1f} GB free at {settings.data}; a night needs room for a copy of the warehouse")
    return [f"{free / 1e9:.0f} GB free"]


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _warehouse(settings: Settings) -> list[str]:
    warehouse = Warehouse(settings)
    if not warehouse.exists:
        return ["none yet; the first load makes it"]
    with warehouse.read("doctor") as connection:
        origins = connection.execute("select origin from journal.origin").fetchall()
    return [f"opens; origin {origins[0][0] if origins else 'not known before the first load'}"]


def _stale_messages(settings: Settings) -> list[str]:
    """Messages whose words nobody has changed for too long; worth a look, no fault."""
    warehouse, months = Warehouse(settings), settings.push.stale_message_months
    if not warehouse.exists:
        return []
    known = "select 1 from duckdb_columns() where table_name = 'batches' and column_name = 'message_digest'"
    with warehouse.read("doctor: stale messages") as connection:
        if not connection.execute(known).fetchall():
            return []  # of an older release, and not written to since
        rows = connection.execute(sql("stale_messages"), {"months": months}).fetchall()
    return [f"{message}: unchanged from {first} to {last}, over {months} months" for message, first, last in rows]


def _esp(settings: Settings) -> list[str]:
    if settings.esp.is_sandbox and not settings.esp.url:
        return ["the embedded sandbox, started when needed"]
    esp = verbs.connect(settings)
    return [*esp.check(), *esp.check_sender(settings.esp.from_email)]


EXAMINATIONS: dict[str, Examination] = {
    "settings": _settings,
    "sources": _sources,
    "campaigns": _campaigns,
    "disk": _disk,
    "warehouse": _warehouse,
    "esp": _esp,
}
