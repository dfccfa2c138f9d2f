"""The sandbox's state on disk: SQLite in WAL mode. What is committed survives a kill -9.

One writer at a time, guarded by a lock of this process; every thread reads through a connection of its own
and sees one consistent state per `read()` block.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_SQL = Path(__file__).parent / "sql"
_NAMED = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def statements(subject: str) -> Mapping[str, str]:
    """The named statements of sql/SUBJECT.sql."""
    parts = _NAMED.split((_SQL / f"{subject}.sql").read_text(encoding="utf-8"))
    return {name: text.strip().rstrip(";") for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def ids(values: Iterable[int]) -> str:
    """Ids as one bound parameter, for `in (select value from json_each(?))`."""
    return json.dumps(list(values))


class Store:
    """The database file of one sandbox."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._local = threading.local()
        self._writer = self._connect()
        self._writer.execute("pragma journal_mode = wal")
        self._writer.executescript((_SQL / "schema.sql").read_text(encoding="utf-8"))
        self.forget()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: all statements of the block see the same state."""
        connection = self._reader()
        connection.execute("begin")
        try:
            yield connection
        finally:
            connection.execute("rollback")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of the block or nothing. Blocks of one thread may not be nested."""
        with self._lock:
            self._writer.execute("begin immediate")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("rollback")
                raise
            self._writer.execute("commit")

    def forget(self) -> None:
        """Empty the log beside the database, which holds pages as they were before a deletion. Waits for readers;
        raises sqlite3.OperationalError where one is still at it after the connection's timeout."""
        with self._lock:
            is_busy = self._writer.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
        if is_busy:
            raise sqlite3.OperationalError("the log is being read")

    def close(self) -> None:
        """Close the writer; readers end with their threads."""
        with self._lock:
            self._writer.close()

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            connection.execute("pragma query_only = on")
            self._local.connection = connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.create_function("regexp", 2, _regexp, deterministic=True)
        for pragma in (
            "synchronous = normal",
            "foreign_keys = on",
            "secure_delete = on",
            "cache_size = -64000",
        ):
            connection.execute(f"pragma {pragma}")
        return connection


def _regexp(pattern: str, value: str) -> bool:
    return re.search(pattern, value, re.IGNORECASE) is not None
