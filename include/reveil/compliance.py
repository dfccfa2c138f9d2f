"""compliance.duckdb and its keys: who was erased (as HMACs) and the proof, kept apart from the warehouse.

The file has a lock of its own, so that a warehouse put back from a copy never takes the memory
of erasures with it. Keys lie beside it, one file each; the id of an entry's key is in the entry.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from reveil.errors import BadInput
from reveil.settings import Settings
from reveil.warehouse import connect, hold, hold_to_read, open_to_write, sql, staged

_KEY_BYTES = 32
_FIRST_KEY = 1
_CHUNK = 100_000
_COLUMNS = (
    "entry_id",
    "address_hmac",
    "contact_hmac",
    "key_id",
    "reason",
    "erased_at",
    "expires_on",
    "run_id",
    "had_objected",
)


@dataclass(frozen=True)
class Suppression:
    """One erased person; `address` is the normalised one (reveil.addresses), None where there was none."""

    contact_id: str
    address: str | None
    reason: str
    had_objected: bool = False


@dataclass(frozen=True)
class Found:
    """What an entry says of whoever matches it."""

    run_id: str
    reason: str
    state: str
    erased_at: datetime
    expires_on: date


class Compliance:
    """The compliance file, its lock and its keys."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.compliance
        self._lock_path = self.path.with_suffix(".lock")
        self._wait_seconds = settings.lock_wait_seconds
        self._keys = Keys(settings)

    @property
    def exists(self) -> bool:
        return self.path.exists()

    @contextmanager
    def read(self, purpose: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection under the shared lock; empty tables where there is no file yet."""
        if not self.exists:
            with connect(None) as connection:
                connection.execute(sql("compliance"))
                yield connection
            return
        with (
            hold_to_read(self.path, self._lock_path, purpose, self._wait_seconds),
            connect(self.path, read_only=True) as connection,
        ):
            yield connection

    @contextmanager
    def write(self, purpose: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection under the exclusive lock, tables and key made; the file is its owner's alone (0600)."""
        with hold(self._lock_path, purpose, self._wait_seconds), _private(), open_to_write(self.path) as connection:
            connection.execute(sql("compliance"))
            self._key_of(connection)
            yield connection

    def hmac(self, value: str) -> str:
        """HMAC-SHA256 of a normalised address or a contact id under the current key, in hex."""
        return digest(self._key(self.key_id()), value)

    def hmacs(self, values: Sequence[str], key_id: str | None = None) -> list[str]:
        """The same of many, in their order; under an older key where one is named."""
        key = self._key(key_id or self.key_id())
        return [digest(key, value) for value in values]

    def key_id(self) -> str:
        """The id of the current key, which is made at its first use.

        Raises BadInput where entries exist and no key does: a new one would let everybody back in.
        """
        if current := self._keys.current():
            return current
        with self.read("suppression key") as connection:
            return self._key_of(connection)

    def rotate(self) -> str:
        """A new key for what comes; entries of old ones stay readable while their key's file does."""
        self.key_id()
        return self._keys.make()

    def find(self, values: Sequence[str]) -> list[Found]:
        """The entries of a person whose normalised address or contact id is among the values, oldest first."""
        with self.read("erase lookup") as connection:
            keys = connection.execute("select distinct key_id from suppressions").fetchall()
            digests = [digest(self._key(key_id), value) for (key_id,) in keys for value in values]
            rows = connection.execute(sql("compliance_find"), {"digests": digests}).fetchall()
        return [Found(*row) for row in rows]

    def entries(self, as_of: datetime) -> Entries:
        """The entries that have not ended by as_of."""
        with self.read("who was erased") as connection:
            rows = connection.execute(sql("compliance_in_force"), {"as_of": as_of}).fetchall()
        return Entries(self, rows)

    def add_suppressions(
        self,
        connection: duckdb.DuckDBPyConnection,
        run_id: str,
        people: Sequence[Suppression],
        *,
        erased_at: datetime,
        expires_on: date,
    ) -> None:
        """Entries in the state pending, one per person and run; who has one in this run keeps it."""
        key_id = self.key_id()
        key = self._key(key_id)
        rows = []
        for person in people:
            contact = digest(key, person.contact_id)
            address = digest(key, person.address) if person.address else None
            when = (erased_at.isoformat(), expires_on.isoformat())
            objected = "yes" if person.had_objected else "no"
            entry = f"{run_id}/{contact[:32]}"
            rows.append((entry, address, contact, key_id, person.reason, *when, run_id, objected))
        with staged(connection, "new_suppressions", _COLUMNS, rows):
            connection.execute(sql("compliance_add"))

    def _key_of(self, connection: duckdb.DuckDBPyConnection) -> str:
        if current := self._keys.current():
            return current
        used = connection.execute("select min(key_id) from suppressions").fetchall()[0][0]
        if used:
            raise self._keys.lost(used)
        return self._keys.make()

    def _key(self, key_id: str) -> bytes:
        return self._keys.read(key_id)


@dataclass(frozen=True)
class Entry:
    """What an entry in force says of whoever matches it."""

    reason: str
    erased_at: datetime
    had_objected: bool
    is_final: bool


class Entries:
    """The entries in force, to hold many people against them."""

    def __init__(self, compliance: Compliance, rows: Sequence[tuple[Any, ...]]) -> None:
        self._compliance = compliance
        self._by_key: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        for key_id, contact, address, reason, state, erased_at, had_objected in rows:
            for found in {contact, address} - {None}:
                self._by_key[key_id][found].append(Entry(reason, erased_at, had_objected, state == "final"))

    def __bool__(self) -> bool:
        return bool(self._by_key)

    def match(self, people: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Entry]]:
        """Of the rows (contact id, its value: id or normalised address) of a query those that an entry knows."""
        while rows := people.fetchmany(_CHUNK):
            yield from self.match_pairs(rows)

    def match_pairs(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Entry]]:
        """The same of pairs at hand: a name, and the value that is compared."""
        for key_id, entries in self._by_key.items():
            digests = self._compliance.hmacs([value for _, value in pairs], key_id)
            for (name, _), found in zip(pairs, digests, strict=True):
                if found in entries:
                    yield from ((name, entry) for entry in entries[found])


class Keys:
    """Key files `<id>.key`: in the data folder's keys/, or beside the file that the environment names."""

    def __init__(self, settings: Settings) -> None:
        self._named = settings.suppression_key_file
        self._folder = self._named.parent if self._named else settings.data / "keys"

    def current(self) -> str | None:
        """The id of the key for new entries: of the named file, or the last one made; None before the first."""
        if self._named:
            return self._named.stem
        numbers = [int(file.stem) for file in self._folder.glob("*.key") if file.stem.isdecimal()]
        return f"{max(numbers):04}" if numbers else None

    def read(self, key_id: str) -> bytes:
        file = self._folder / f"{key_id}.key"
        try:
            key = file.read_bytes()
        except FileNotFoundError:
            raise self.lost(key_id) from None
        if len(key) < _KEY_BYTES:
            raise BadInput(f"{file}: shorter than {_KEY_BYTES} bytes; put back the key that was made")
        return key

    def lost(self, key_id: str) -> BadInput:
        return BadInput(
            f"{self._folder}/{key_id}.key: missing, and erased people are recognised with it; "
            "put it back from its copy (docs/gdpr.md, Keys)"
        )

    def make(self) -> str:
        if self._named:
            raise BadInput(
                f"{self._named}: keys are provided from outside; put a new file beside it "
                "(`head -c 32 /dev/urandom`), keep the old one, and name the new one in REVEIL_SUPPRESSION_KEY_FILE"
            )
        last = self.current()
        key_id = f"{int(last) + 1 if last else _FIRST_KEY:04}"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_new(self._folder / f"{key_id}.key", secrets.token_bytes(_KEY_BYTES))
        return key_id


def digest(key: bytes, value: str) -> str:
    return hmac.digest(key, value.encode("utf-8"), "sha256").hex()


def _write_new(file: Path, content: bytes) -> None:
    """Whole and on disk before it has its name; an existing one is never replaced."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with suppress(FileExistsError):  # another process was faster: its key is the one
        file.hardlink_to(draft)
    draft.unlink()
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _private() -> Iterator[None]:
    """Files made meanwhile (DuckDB's own and its log) are readable by their owner alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
