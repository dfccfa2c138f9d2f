"""Is a source still fed, and whole? Push and erase refuse when one is not."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import duckdb

from reveil.errors import BadInput
from reveil.raw_tables import BY_NAME
from reveil.settings import PROJECT
from reveil.warehouse import sql

SEED = PROJECT / "dbt_project" / "seeds" / "source_freshness.csv"
Verdict = Literal["ok", "stale", "shrunken", "never_loaded"]
_COLUMNS = ("table_name", "max_age_days", "min_share")


@dataclass(frozen=True)
class Limit:
    """`max_age_days`: how old the newest row may be; `min_share`: a snapshot with fewer rows than this
    share of the one before is shrunken."""

    max_age_days: float
    min_share: float


@dataclass(frozen=True)
class Freshness:
    """`newest_at` is the newest instant in the table before as_of; where no row has one, the as_of of
    the last load. `note` says why an old sample is no worry."""

    table: str
    newest_at: datetime | None
    age_days: float | None
    max_age_days: float
    verdict: Verdict
    note: str = ""


def freshness(connection: duckdb.DuckDBPyConnection, as_of: datetime, seed: Path = SEED) -> list[Freshness]:
    """One entry per table of source_freshness.csv, as of a naive UTC instant. Reads only.

    A sample warehouse is never stale: its log has ended. Raises BadInput when the seed is wrong.
    """
    is_sample = origin_of(connection) == "sample"
    return [_judge(connection, table, limit, as_of, is_sample) for table, limit in limits(seed).items()]


def limits(seed: Path = SEED) -> dict[str, Limit]:
    """source_freshness.csv by table. Raises BadInput with file and line."""
    try:
        with seed.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream)
            if tuple(rows.fieldnames or ()) != _COLUMNS:
                raise BadInput(f"{seed}, line 1: must have the columns {', '.join(_COLUMNS)}")
            return {row["table_name"]: _limit(row, seed, rows.line_num) for row in rows}
    except FileNotFoundError:
        raise BadInput(f"{seed}: not found; restore it from the project") from None


def origin_of(connection: duckdb.DuckDBPyConnection) -> str | None:
    """`sample` or `company`; None before the first load."""
    found = connection.execute("select origin from journal.origin").fetchone()
    return str(found[0]) if found else None


def _limit(row: dict[str, str], seed: Path, line: int) -> Limit:
    if row["table_name"] not in BY_NAME:
        raise BadInput(f"{seed}, line {line}: table_name: unknown table; one of {', '.join(BY_NAME)}")
    try:
        limit = Limit(float(row["max_age_days"]), float(row["min_share"]))
    except (TypeError, ValueError):
        raise BadInput(f"{seed}, line {line}: max_age_days and min_share must be numbers") from None
    if not (limit.max_age_days > 0 and 0 <= limit.min_share <= 1):
        raise BadInput(f"{seed}, line {line}: max_age_days must be above 0 and min_share between 0 and 1")
    return limit


def _judge(
    connection: duckdb.DuckDBPyConnection, table: str, limit: Limit, as_of: datetime, is_sample: bool
) -> Freshness:
    loaded = connection.execute(sql("load_freshness"), {"table": table, "as_of": as_of}).fetchone()
    loads, last_load, is_shrunken = loaded if loaded else (0, None, False)
    if not loads:
        return Freshness(table, None, None, limit.max_age_days, "never_loaded")
    newest = _newest(connection, table, as_of) or last_load
    age = (as_of - newest).total_seconds() / 86_400 if newest else None
    is_old = age is None or age > limit.max_age_days
    verdict: Verdict = "shrunken" if is_shrunken else "stale" if is_old and not is_sample else "ok"
    note = "sample data: its log has ended" if is_old and is_sample else ""
    return Freshness(table, newest, age, limit.max_age_days, verdict, note)


def _newest(connection: duckdb.DuckDBPyConnection, table: str, as_of: datetime) -> datetime | None:
    raw = BY_NAME[table]
    columns = [column for column in (raw.occurred_at, raw.latest_by) if column]
    newest = [f"max({column}::timestamp) filter (where {column} < $as_of)" for column in columns]
    found = connection.execute(f"select {', '.join(newest)} from raw.{table}", {"as_of": as_of}).fetchall()[0]
    return max((instant for instant in found if instant is not None), default=None)
