"""Writes the copy that analysts query: marts without personal columns, and the rule tables.

The copy is written beside the old one and takes its place in one step, so that a reader sees
either night whole, and whoever has the old one open reads on.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from reveil import checkpoint
from reveil.checkpoint import sync
from reveil.errors import Refused
from reveil.load import freshness
from reveil.permission import marts_night
from reveil.report import Report
from reveil.settings import Settings
from reveil.transform import Mart, marts, seeds
from reveil.warehouse import Warehouse, connect, hold, sql, staged

# the oldest DuckDB that analysts' tools may have; newer ones read it, too
_STORAGE_VERSION = "v1.4.0"


def publish(settings: Settings) -> Report:
    """Replace the published copy by the marts as they are now.

    Raises BadInput when nothing was built, Refused when the marts are not all of one night or the
    copy differs from them; the old copy then stays.
    """
    described = marts(settings)
    rules = seeds(settings)
    new = settings.published.with_suffix(".duckdb.new")
    lock = settings.published.with_suffix(".lock")
    with (
        hold(lock, "publish", settings.lock_wait_seconds),
        Warehouse(settings).read("publish") as connection,
    ):
        _check_one_night(connection, described)
        checkpoint.remove(new)
        rows = _write(connection, new, described, rules)
        _write_freshness(connection, new)
    _swap(new, settings.published)
    figures = {
        "published": str(settings.published),
        "tables": rows,
        "bytes": settings.published.stat().st_size,
    }
    lines = (f"published {len(described)} marts and {len(rules)} rule tables to {settings.published}",)
    return Report("publish", lines, figures)


def _check_one_night(connection: duckdb.DuckDBPyConnection, described: tuple[Mart, ...]) -> None:
    """A build that stopped half-way leaves marts of two nights."""
    dated = [mart.name for mart in described if any(column.name == "as_of" for column in mart.columns)]
    union = " union ".join(f"select as_of from marts.{name}" for name in dated)
    nights = connection.execute(f"select as_of from ({union}) order by 1").fetchall()
    if len(nights) > 1:
        told = " and ".join(f"{night:%Y-%m-%d %H:%M}" for (night,) in nights)
        raise Refused(f"the marts are of several nights ({told}); run `reveil build` to the end, then publish")


def _write(
    connection: duckdb.DuckDBPyConnection, new: Path, described: tuple[Mart, ...], rules: tuple[str, ...]
) -> dict[str, int]:
    """Rows per table of the new file."""
    connection.execute(f"attach {_text(str(new))} as published (read_write, storage_version '{_STORAGE_VERSION}')")
    connection.execute("create schema published.marts")
    connection.execute("create schema published.seeds")
    rows = {mart.name: _copy_mart(connection, mart) for mart in described}
    rows |= {name: _copy(connection, f"seeds.{name}", "*") for name in rules}
    connection.execute("checkpoint published")
    connection.execute("detach published")
    return rows


def _write_freshness(connection: duckdb.DuckDBPyConnection, new: Path) -> None:
    """How old the sources were on the night of the marts, for `reveil status`; no row in a table without marts."""
    as_of = marts_night(connection)
    sources = freshness(connection, as_of) if as_of else []
    rows = [
        (one.table, one.newest_at and one.newest_at.isoformat(), one.age_days, one.max_age_days, one.verdict, one.note)
        for one in sources
    ]
    told = [[None if value is None else str(value) for value in row] for row in rows]
    columns = ("table_name", "newest_at", "age_days", "max_age_days", "verdict", "note")
    with connect(new) as published, staged(published, "sources_now", columns, told):
        published.execute(sql("publish_freshness"))


def _copy_mart(connection: duckdb.DuckDBPyConnection, mart: Mart) -> int:
    table = f"marts.{mart.name}"
    rows = _copy(connection, table, ", ".join(column.name for column in mart.public_columns))
    connection.execute(f"comment on table published.{table} is {_text(mart.description)}")
    for column in mart.public_columns:
        connection.execute(f"comment on column published.{table}.{column.name} is {_text(column.description)}")
    return rows


def _copy(connection: duckdb.DuckDBPyConnection, table: str, columns: str) -> int:
    connection.execute(f"create table published.{table} as select {columns} from {table}")
    counts = f"select (select count(*) from {table}), (select count(*) from published.{table})"
    there, here = connection.execute(counts).fetchall()[0]
    if there != here:
        raise Refused(f"{table}: {here} of {there} rows reached the published copy; the old one stays")
    return int(here)


def _swap(new: Path, published: Path) -> None:
    """Put the new file in the old one's place so that it outlives a power cut."""
    sync(new)
    new.replace(published)
    sync(published.parent)


def _text(value: str) -> str:
    """A SQL literal, where none can be bound."""
    return "'" + value.replace("'", "''") + "'"
