"""Open, read, write, lock and swap the warehouse: the only module that does.

DuckDB lets one process write, and nobody else look meanwhile. A file lock beside the
warehouse (shared to read, exclusive to write or swap) turns that into a bounded wait that
ends in a message with the holder's name.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas

from reveil import checkpoint
from reveil.errors import BadInput, Busy, ReveilError
from reveil.raw_tables import RAW_TABLES, RawTable
from reveil.settings import Settings

_SQL = Path(__file__).parent / "sql"
_POLL_SECONDS = 0.05


def sql(name: str) -> str:
    """The text of sql/NAME.sql."""
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


class Warehouse:
    """The warehouse file and its lock."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.warehouse
        self._lock_path = self.path.with_suffix(".lock")
        self._wait_seconds = settings.lock_wait_seconds
        self._config: dict[str, Any] = {
            "memory_limit": settings.memory_limit,
            "temp_directory": str(settings.data / "tmp"),
            "autoinstall_known_extensions": False,
        }

    @property
    def exists(self) -> bool:
        return self.path.exists()

    @property
    def config(self) -> dict[str, Any]:
        """DuckDB's configuration, for a library that opens the file itself (under `shared`)."""
        return dict(self._config)

    @contextmanager
    def read(self, purpose: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection under the shared lock. BadInput where there is no warehouse yet."""
        self._require()
        with self.shared(purpose), connect(self.path, self._config, read_only=True) as connection:
            yield connection

    @contextmanager
    def write(self, purpose: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection under the exclusive lock; makes the package's tables where they are missing.
        A very first write that fails leaves no warehouse behind."""
        with self.exclusive(purpose):
            leaves_nothing = not self.exists
            try:
                with self.open() as connection:
                    _make_tables(connection)
                    yield connection
                    leaves_nothing = False  # what fails now is the checkpoint, and the log holds everything
            except BaseException:
                if leaves_nothing:
                    checkpoint.remove(self.path)
                raise

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to write through, for who holds the lock."""
        with open_to_write(self.path, self._config) as connection:
            yield connection

    @contextmanager
    def rehearse(self, purpose: str, tables: Sequence[str]) -> Iterator[duckdb.DuckDBPyConnection]:
        """An in-memory copy of what a load looks at (its journal, the raw `tables`), to try it on. The
        warehouse is only read, and not made where there is none."""
        with connect(Path(":memory:"), self._config) as connection:
            _make_tables(connection)
            if self.exists:
                with self.shared(purpose):
                    _copy_into(connection, self.path, ("journal.origin", "journal.loads", *tables))
            yield connection

    @contextmanager
    def shared(self, purpose: str) -> Iterator[None]:
        """The lock alone, to read through another library."""
        with hold_to_read(self.path, self._lock_path, purpose, self._wait_seconds):
            yield

    @contextmanager
    def exclusive(self, purpose: str) -> Iterator[None]:
        """The lock alone, to `open` the file more than once, or to exchange it."""
        with hold(self._lock_path, purpose, self._wait_seconds):
            checkpoint.mend(self.path)
            yield

    def _require(self) -> None:
        if not self.exists:
            raise BadInput(f"{self.path}: no warehouse yet; run `reveil load` first")


@contextmanager
def hold(lock_path: Path, purpose: str, wait_seconds: float, kind: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold a file lock; the system releases it when the process ends, however it ends.

    Raises Busy with the holder's purpose and process id once `wait_seconds` are over.
    """
    lock_path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, lock_path, kind, wait_seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "purpose": purpose}).encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def hold_to_read(path: Path, lock_path: Path, purpose: str, wait_seconds: float) -> Iterator[None]:
    """Hold the shared lock of a database file that is whole. Raises like `hold`."""
    if checkpoint.was_cut_short(path):
        with hold(lock_path, purpose, wait_seconds):
            checkpoint.mend(path)
    with hold(lock_path, purpose, wait_seconds, fcntl.LOCK_SH):
        yield


def _acquire(descriptor: int, lock_path: Path, kind: int, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Busy(
                    f"{lock_path}: held by {_holder(descriptor)} after {wait_seconds:g} s of waiting; "
                    "try again when it has ended"
                ) from None
            time.sleep(_POLL_SECONDS)


def _holder(descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        return f"`{holder['purpose']}` (process {holder['pid']})"
    except (ValueError, KeyError):
        return "another process"


@contextmanager
def connect(
    path: Path | None, config: dict[str, Any] | None = None, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection in UTC, closed at the end; without a path, in memory.

    Raises Busy where a program that knows nothing of our lock has the file open, BadInput where it cannot be read.
    """
    if path is not None and not read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(path or ":memory:", read_only=read_only, config=config or {})
    except duckdb.Error as error:
        if not isinstance(error, duckdb.IOException) and "Corrupt database file" not in str(error):
            raise
        raise _not_opened(path, str(error)) from None
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


@contextmanager
def open_to_write(path: Path, config: dict[str, Any] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection under the caller's exclusive lock. What it commits is safe at once, and moves into the file at the
    end, so that a kill at any moment leaves a file that can be opened (reveil.checkpoint). Raises like `connect`."""
    checkpoint.mend(path)
    with connect(path, {**(config or {}), **checkpoint.ONLY_AT_THE_END}) as connection:
        checkpoint.leave_to_the_end(connection)
        yield connection
        checkpoint.checkpoint(connection, path)


def _not_opened(path: Path | None, told: str) -> ReveilError:
    if holder := re.search(r"lock is held in (.+?) \(PID (\d+)\)", told):
        name, pid = Path(holder[1]).name, holder[2]
        return Busy(f"{path}: opened by {name} (process {pid}); close it there, and query the published copy instead")
    return BadInput(f"{path}: is no database that can be read here (damaged, newer, or not permitted); put back a copy")


@contextmanager
def staged(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> Iterator[None]:
    """Rows of Python as a view of that name: one statement then handles them all, however many.

    All values are text or null: DuckDB's executemany would take a millisecond a row.
    """
    frame = pandas.DataFrame(list(rows), columns=list(columns), dtype="string")
    connection.register(name, frame)
    try:
        yield
    finally:
        connection.unregister(name)


def _make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(sql("journal"))
    connection.execute(sql("rules"))
    for table in RAW_TABLES:
        connection.execute(_ddl(table))


def _copy_into(connection: duckdb.DuckDBPyConnection, path: Path, tables: Sequence[str]) -> None:
    place = str(path).replace("'", "''")
    connection.execute(f"attach '{place}' as held (read_only)")
    query = "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'held'"
    held = {name for (name,) in connection.execute(query).fetchall()}
    for table in tables:
        if table in held:  # an older warehouse gets its new tables at the next write
            connection.execute(f"insert into {table} by name from held.{table}")
    connection.execute("detach held")


def _ddl(table: RawTable) -> str:
    columns = ", ".join(
        f"{column.name} {column.type}{' not null' if column.required else ''}" for column in table.columns
    )
    extra = {
        "crm_contacts": "normalised_email varchar, first_loaded_at timestamp not null, load_id bigint not null",
    }.get(table.name, "load_id bigint not null")
    return f"create table if not exists raw.{table.name} ({columns}, {extra})"
