"""Searching everything that a night leaves behind for addresses that must not be there."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

from reveil.addresses import MAX_LOCAL
from reveil.settings import Settings
from reveil.warehouse import Warehouse, connect

_TEXT_COLUMNS = (
    "select table_schema, table_name, column_name from information_schema.columns where data_type = 'VARCHAR'"
)


def addresses(settings: Settings) -> frozenset[bytes]:
    """Every address of the warehouse's contacts and requests, as it came and normalised, in lower case."""
    queries = (
        "select email from raw.crm_contacts",
        "select normalised_email from raw.crm_contacts",
        "select email from raw.crm_erasure_requests",
    )
    with Warehouse(settings).read("test") as connection:
        rows = [row for query in queries for row in connection.execute(query).fetchall()]
    return frozenset(row[0].strip().lower().encode() for row in rows if row[0] and "@" in row[0])


def found(wanted: frozenset[bytes], *places: Path) -> list[str]:
    """`file: address` of each of the wanted addresses in the files and folders `places`, however they are kept."""
    searched = sorted({file for place in places for file in files(place)})
    return [f"{file}: {hit.decode()}" for file in searched for hit in sorted(_hits(wanted, _contents(file)))]


def found_in_text(wanted: frozenset[bytes], *texts: str) -> list[str]:
    """The wanted addresses in texts."""
    return sorted(hit.decode() for hit in _hits(wanted, [text.encode() for text in texts]))


def files(place: Path) -> Iterator[Path]:
    assert place.exists(), f"{place}: nothing to search"
    return (file for file in place.rglob("*") if file.is_file()) if place.is_dir() else iter([place])


def _contents(file: Path) -> Iterator[bytes]:
    """The file's bytes, and what they stand for."""
    raw = file.read_bytes()
    yield raw
    if raw.startswith(b"\x1f\x8b"):
        yield gzip.decompress(raw)
    elif raw.startswith(b"SQLite format 3\0"):
        yield from _sqlite(file)
    elif raw[8:12] == b"DUCK":
        yield from _duckdb(file)


def _sqlite(file: Path) -> Iterator[bytes]:
    """Each table's values: one that spans pages is cut in the file's bytes."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in tables:
            for row in connection.execute(f'select * from "{table}"'):
                yield from (_bytes(value) for value in row if isinstance(value, (str, bytes)))
    connection.close()


def _duckdb(file: Path) -> Iterator[bytes]:
    """Each text column's values with an @: DuckDB compresses what it stores."""
    with connect(file, read_only=True) as connection:
        for schema, table, column in connection.execute(_TEXT_COLUMNS).fetchall():
            query = f"select distinct {column} from {schema}.{table} where contains({column}, '@')"
            yield from (_bytes(value) for (value,) in connection.execute(query).fetchall())


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _hits(wanted: frozenset[bytes], contents: Iterable[bytes]) -> set[bytes]:
    domains = frozenset(address.rpartition(b"@")[2] for address in wanted)
    return {
        hit for content in contents for form in _forms(content.lower()) for hit in _in(form, domains) if hit in wanted
    }


def _forms(content: bytes) -> set[bytes]:
    """As it stands, as an URL hides it, and as JSON does."""
    return {content, unquote_to_bytes(content), content.replace(b"\\u0040", b"@")}


def _in(content: bytes, domains: frozenset[bytes]) -> Iterator[bytes]:
    """Everything that may be an address of one of the domains: whatever stands glued to it on either side, as on a
    database's page, does not hide it."""
    at = content.find(b"@")
    while at >= 0:
        for domain in domains:
            if content.startswith(domain, at + 1):
                yield from (content[start:at] + b"@" + domain for start in range(max(at - MAX_LOCAL, 0), at))
        at = content.find(b"@", at + 1)
