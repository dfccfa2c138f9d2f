"""What may happen here and now: side effects, pause, the distance from the clock, the newest night.

Pure questions about settings, files and rows; each answers by raising, so that a caller
cannot forget to look.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import duckdb

from reveil.compliance import Compliance, Entry
from reveil.errors import BadInput, Refused
from reveil.settings import Settings
from reveil.warehouse import sql

SideEffect = Literal["send", "erase"]


def is_allowed(settings: Settings, effect: SideEffect) -> bool:
    """Whether the settings allow it at all; the sandbox is always allowed everything."""
    if settings.esp.is_sandbox:
        return True
    allowed = {"none": (), "send": ("send",), "send_and_erase": ("send", "erase")}
    return effect in allowed[settings.side_effects]


def require_not_paused(settings: Settings) -> None:
    """Raises Refused while `reveil pause` is in force."""
    if settings.pause_file.exists():
        why = settings.pause_file.read_text(encoding="utf-8").strip()
        raise Refused(f"paused ({why}); nothing leaves until `reveil resume`")


def require_near_the_clock(settings: Settings, as_of: datetime, now: datetime) -> None:
    """With a real provider, a night far from today would act on what was true then.

    Raises BadInput when as_of is further than as_of_tolerance_hours from `now` (naive UTC).
    """
    if settings.esp.is_sandbox:
        return
    tolerance = timedelta(hours=settings.as_of_tolerance_hours)
    if abs(now - as_of) > tolerance:
        raise BadInput(
            f"as-of {as_of:%Y-%m-%d %H:%M} is more than {settings.as_of_tolerance_hours} hours from the clock; "
            f"with the provider {settings.esp.provider} only tonight can be pushed or erased"
        )


def require_newest_night(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Raises BadInput when a later night has had side effects: what was decided then must not be undone."""
    newest = _one(connection, "select max(as_of) from journal.runs where result = 'done'")
    if newest is not None and as_of < newest:
        raise BadInput(
            f"a later night ({newest:%Y-%m-%d %H:%M}) has already had side effects; "
            "a past night can only be rebuilt in a data folder of its own (REVEIL_DATA)"
        )


def marts_night(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """The as_of that the marts were built for; None before the first build."""
    try:
        return _one(connection, "select max(as_of) from marts.contact_status")
    except duckdb.CatalogException:
        return None


def require_marts_of(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Raises BadInput unless the marts were built for this very night, and no later one acted yet."""
    built = marts_night(connection)
    if built is None:
        raise BadInput("no marts yet; run `reveil build` first")
    if built != as_of:
        raise BadInput(
            f"the marts are of {built:%Y-%m-%d %H:%M}, the run is for {as_of:%Y-%m-%d %H:%M}; "
            "run `reveil build` for that night first"
        )
    require_newest_night(connection, as_of)


def require_no_erased_back(settings: Settings, connection: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Raises Refused while erased people are held as if nothing had been: the warehouse was put back from an old
    copy."""
    back = {contact_id for contact_id, _ in erased_back(settings, connection, as_of)}
    if back:
        raise Refused(
            f"{len(back)} people who were erased are in the warehouse again, as after restoring an old copy; "
            "run `reveil erase replay`, which marks them for the next erasure and keeps them from being mailed"
        )


def erased_back(settings: Settings, connection: duckdb.DuckDBPyConnection, as_of: datetime) -> list[tuple[str, Entry]]:
    """Held contacts whose erasure was finished, with the entry, but for those marked and those who came back."""
    entries = Compliance(settings).entries(as_of)
    if not entries:
        return []
    held = connection.execute(sql("held_contacts"))
    return [(contact_id, entry) for contact_id, entry in entries.match(held) if entry.is_final]


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> datetime | None:
    row = connection.execute(query).fetchone()
    return row[0] if row else None
