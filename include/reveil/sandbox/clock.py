"""The sandbox's clock: every instant in its answers comes from here.

Until it is set for the first time it shows the machine's time. From then on it stands still until it is moved
forward, so that a night of 1998 can be played in a second and played again.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from reveil.sandbox.store import Store

SECOND = 1_000_000
"""Instants inside the sandbox are microseconds since 1970, UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def machine_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    """The time of one sandbox, kept in its store once it has been set."""

    def __init__(self, store: Store, wall: Callable[[], datetime] = machine_time) -> None:
        self._wall = wall
        with store.read() as connection:
            row = connection.execute("select value from meta where key = 'clock'").fetchone()
        self._set_at: int | None = int(row["value"]) if row else None

    @property
    def is_set(self) -> bool:
        return self._set_at is not None

    def now(self) -> int:
        """Microseconds since 1970, UTC."""
        return micros(self._wall()) if self._set_at is None else self._set_at

    def keep(self, connection: sqlite3.Connection, instant: int) -> None:
        """Write an instant into the running transaction; `show` it once that is committed."""
        connection.execute("insert or replace into meta (key, value) values ('clock', ?)", (str(instant),))

    def show(self, instant: int) -> None:
        self._set_at = instant


def micros(moment: datetime) -> int:
    """A naive moment is taken for UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def parse(text: str) -> int | None:
    """An RFC 3339 instant; None when it is not one."""
    if not _RFC3339.fullmatch(text):
        return None
    try:
        return micros(datetime.fromisoformat(text))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def local(instant: int) -> str:
    """2026-11-22T01:03:00.65548: as many decimals as needed."""
    text = (_EPOCH + timedelta(microseconds=instant)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.rstrip("0").rstrip(".")


def zulu(instant: int | None) -> str | None:
    """How the API writes instants of its own objects: ending in Z."""
    return None if instant is None else f"{local(instant)}Z"


def offset(instant: int) -> str:
    """How the API writes instants that its database has put into JSON: ending in +00:00."""
    return f"{local(instant)}+00:00"


def seconds(instant: int) -> str:
    """Whole seconds, as in the CSV exports."""
    return (_EPOCH + timedelta(microseconds=instant)).strftime("%Y-%m-%dT%H:%M:%SZ")


def log_time(instant: int) -> str:
    return (_EPOCH + timedelta(microseconds=instant)).strftime("%Y/%m/%d %H:%M:%S.%f")
