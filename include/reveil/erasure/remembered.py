"""Who was erased is known by HMAC alone: which of the addresses and ids that stand anywhere are theirs?

Every address-like token of every file, and every value of the columns that may hold a contact's id, is hashed with each
key and held against the entries in force.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from reveil.addresses import ASCII_ADDRESS, normalise_address
from reveil.compliance import Compliance, Entries
from reveil.erasure.search import contents, kind_of, parquet, sqlite_contents
from reveil.erasure.values import ESCAPES, Values, forms
from reveil.settings import Settings
from reveil.warehouse import Warehouse, connect, sql

_TOKEN = re.compile(ASCII_ADDRESS.encode())
_BEFORE = re.compile(r"[^a-z0-9._+\-]")
"""What an address may begin after, in an URL for instance, though a dot-atom may hold it."""
_ROWS = 50_000


@dataclass
class Tokens:
    """What was met, each once: addresses as they stand, and what may be a contact's id."""

    addresses: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)

    def read(self, content: bytes) -> None:
        for form in forms(content.lower()):
            for escape in ESCAPES:
                form = form.replace(escape, b" ")
            for token in _TOKEN.findall(form):
                self.addresses.update(_readings(token.decode()))

    @property
    def count(self) -> int:
        return len(self.addresses) + len(self.ids)


def tokens_in(files: Iterable[Path], numbers: frozenset[str]) -> Tokens:
    """Read all files. `numbers`: names of columns that are known to hold other ids."""
    tokens = Tokens()
    for file in files:
        _collect(tokens, file, numbers)
    return tokens


def erased_among(settings: Settings, tokens: Tokens, as_of: datetime) -> Values:
    """Those that belong to somebody who was erased, by an entry in force, and did not come back by themselves."""
    entries = Compliance(settings).entries(as_of)
    let_in = _let_in(settings)
    ids = _known(entries, {one: one for one in tokens.ids}) - let_in.ids
    addresses = {one: normalised for one in tokens.addresses if (normalised := normalise_address(one))}
    found = {one for one in _known(entries, addresses) if addresses[one] not in let_in.addresses}
    return Values(frozenset(ids), frozenset(found))


def _readings(token: str) -> Iterator[str]:
    """`/?to=ada@mail.example` may be that address, or `to=ada@…`, or `ada@…`."""
    local, _, domain = token.rpartition("@")
    yield token
    for before in _BEFORE.finditer(local):
        if rest := local[before.end() :]:
            yield f"{rest}@{domain}"


def _collect(tokens: Tokens, file: Path, numbers: frozenset[str]) -> None:
    kind = kind_of(file)
    if kind == "duckdb":
        with connect(file, read_only=True) as connection:
            _columns(tokens, connection, file.stem, numbers)
    elif kind == "parquet":
        with parquet(file) as connection:
            _columns(tokens, connection, "memory", numbers)
    else:
        pieces = (content for _, content in sqlite_contents(file)) if kind == "sqlite" else contents(file)
        for content in pieces:
            tokens.read(content)


def _columns(tokens: Tokens, connection: duckdb.DuckDBPyConnection, database: str, numbers: frozenset[str]) -> None:
    for schema, table, column in connection.execute(sql("search_columns"), {"database": database}).fetchall():
        quoted = '"' + column.replace('"', '""') + '"'
        statement = sql("search_tokens").format(table=f'"{schema}"."{table}"', column=quoted)
        rows = connection.execute(statement, {"is_number": column in numbers})
        while batch := rows.fetchmany(_ROWS):
            tokens.read("\n".join(text for (text,) in batch).encode())
            if column not in numbers:
                # a mailbox's key is an m and an id
                tokens.ids.update(form for (text,) in batch for form in (text, text.removeprefix("m")))


def _known(entries: Entries, values: Mapping[str, str]) -> set[str]:
    """The names of those values that an erasure which has ended knows."""
    return {name for name, entry in entries.match_pairs(list(values.items())) if entry.is_final}


def _let_in(settings: Settings) -> Values:
    """Who is here again lawfully."""
    warehouse = Warehouse(settings)
    if not warehouse.exists:
        return Values(frozenset(), frozenset())
    with warehouse.read("erase: who came back") as connection:
        rows = connection.execute(sql("let_in")).fetchall()
    return Values(frozenset(one for one, _ in rows), frozenset(address for _, address in rows if address))
