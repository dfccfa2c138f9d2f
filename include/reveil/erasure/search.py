"""Searches files as what they are: text, gzip, Parquet, SQLite and DuckDB decoded, all else byte for byte."""

from __future__ import annotations

import glob
import gzip
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import duckdb

from reveil.addresses import ASCII_ADDRESS
from reveil.erasure.values import OVERLAP, Searcher, Values, ids_in
from reveil.warehouse import connect, sql, staged

_CHUNK = 16 << 20


@dataclass
class Findings:
    """What was searched, how, and where something was found. Places name files, tables and columns, never a value."""

    files: int = 0
    bytes: int = 0
    methods: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def add(self, method: str, size: int) -> None:
        self.files += 1
        self.bytes += size
        self.methods[method] = self.methods.get(method, 0) + 1

    def found(self, place: str, count: int) -> None:
        if count:
            self.places[place] = self.places.get(place, 0) + count


class Search:
    """One search for one set of values. `keys`: columns of tables by `schema.table` that hold contact ids;
    `numbers`: names of columns that are known to hold other ids."""

    def __init__(self, values: Values, numbers: frozenset[str] = frozenset()) -> None:
        self.values = values
        self.findings = Findings()
        self._addresses = Searcher(values.addresses)
        self._telling_ids = values.telling_ids
        self._numbers = numbers

    def file(self, file: Path, name: str) -> None:
        """Search one file under the name that a finding tells."""
        kind = kind_of(file)
        if kind == "duckdb":
            self._database(file, name)
        elif kind == "sqlite":
            self._sqlite(file, name)
        elif kind == "parquet":
            self._parquet(file, name)
        else:
            self._bytes(file, name, kind)

    def _bytes(self, file: Path, name: str, kind: str) -> None:
        size = 0
        hits: set[str] = set()
        for content in contents(file):
            size += len(content)
            hits |= self._addresses.find(content) | ids_in(content, self._telling_ids)
        self.findings.add(kind, size)
        self.findings.found(name, len(hits))

    def _sqlite(self, file: Path, name: str) -> None:
        size = 0
        hits: dict[str, set[str]] = {}
        for table, content in sqlite_contents(file):
            size += len(content)
            found = self._addresses.find(content) | ids_in(content, self._telling_ids)
            hits.setdefault(table, set()).update(found)
        for table, those in hits.items():
            self.findings.found(f"{name}: {table}", len(those))
        self.findings.add("sqlite", size)

    def _parquet(self, file: Path, name: str) -> None:
        with parquet(file) as connection:
            self.findings.add("parquet", self._tables(connection, "memory", name))

    def _database(self, file: Path, name: str) -> None:
        with connect(file, read_only=True) as connection:
            self.findings.add("duckdb", self._tables(connection, file.stem, name))

    def _tables(self, connection: duckdb.DuckDBPyConnection, database: str, name: str) -> int:
        """Every string column by value; bytes read."""
        ids = [(form,) for one in self.values.ids for form in (one, f"m{one}")]
        addresses = [(one,) for one in self.values.addresses]
        with (
            staged(connection, "gone_ids", ("value",), ids),
            staged(connection, "gone_addresses", ("value",), addresses),
        ):
            connection.execute("create temp table ids as select value from gone_ids")
            connection.execute("create temp table addresses as select value from gone_addresses")
        found = connection.execute(sql("search_columns"), {"database": database}).fetchall()
        size = 0
        for (schema, table), columns in groupby(found, key=lambda one: one[:2]):
            names = [column for _, _, column in columns]
            size += self._table(connection, f'"{schema}"."{table}"', names, f"{name}: {schema}.{table}")
        return size

    def _table(self, connection: duckdb.DuckDBPyConnection, table: str, columns: list[str], place: str) -> int:
        """A pass over all columns that cannot hold ids, one over each that can, and one over each with addresses."""
        others = [column for column in columns if column in self._numbers]
        size = 0
        for group in ([others] if others else []) + [[column] for column in columns if column not in self._numbers]:
            is_id = group is not others
            names = [_quoted(column) for column in group]
            figures = connection.execute(_measures(table, names, with_ids=is_id)).fetchall()[0]
            if is_id:
                self.findings.found(f"{place}.{group[0]}", figures[2])
                figures = figures[:2]
            size += sum(figures[::2])
            for column, name, hints in zip(group, names, figures[1::2], strict=True):
                if hints:
                    self._address_column(connection, table, name, f"{place}.{column}")
        return int(size)

    def _address_column(self, connection: duckdb.DuckDBPyConnection, table: str, column: str, place: str) -> None:
        statement = sql("search_addresses").format(table=table, column=column)
        addresses, others = connection.execute(statement, {"plain": ASCII_ADDRESS}).fetchall()[0]
        self.findings.found(place, addresses)
        if others:
            self.findings.found(place, self._longer(connection, table, column))

    def _longer(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> int:
        """Addresses within longer texts."""
        statement = sql("search_texts").format(table=table, column=column)
        rows = connection.execute(statement, {"plain": ASCII_ADDRESS})
        hits: set[str] = set()
        while batch := rows.fetchmany(50_000):
            hits |= self._addresses.find("\n".join(text for (text,) in batch).encode())
        return len(hits)


def _measures(table: str, columns: Sequence[str], with_ids: bool) -> str:
    parts = [sql("search_size") + (sql("search_ids") if with_ids else "")] * len(columns)
    told = ",\n".join(part.format(column=column) for part, column in zip(parts, columns, strict=True))
    return f"select\n{told}\nfrom {table}"


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def kind_of(file: Path) -> str:
    """What a file is by its first bytes: duckdb, sqlite, parquet, gzip or text."""
    with file.open("rb") as stream:
        head = stream.read(16)
    if head[8:12] == b"DUCK":
        return "duckdb"
    starts = {b"SQLite format 3\0": "sqlite", b"PAR1": "parquet", b"\x1f\x8b": "gzip"}
    return next((kind for start, kind in starts.items() if head.startswith(start)), "text")


def contents(file: Path) -> Iterator[bytes]:
    """The bytes of a text, unpacked where it is packed; each piece repeats the end of the one before."""
    with file.open("rb") as raw:
        stream: Any = gzip.GzipFile(fileobj=raw) if kind_of(file) == "gzip" else raw
        yield from _chunks(stream)


def sqlite_contents(file: Path) -> Iterator[tuple[str, bytes]]:
    """Tables with all their values as text, piece by piece."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
            rows = connection.execute(f'select * from "{table}"')
            while batch := rows.fetchmany(10_000):
                yield table, b"\n".join(_bytes_of(value) for row in batch for value in row if value is not None)
    finally:
        connection.close()


@contextmanager
def parquet(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which the file is the view `content`."""
    path = glob.escape(str(file)).replace("'", "''")
    with connect(None) as connection:
        connection.execute(f"create view content as select * from read_parquet('{path}')")
        yield connection


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    tail = b""
    while True:
        try:
            content = stream.read(_CHUNK)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return  # cut off: what could be read was searched
        if not content:
            return
        yield tail + content
        tail = content[-OVERLAP:]


def _bytes_of(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
