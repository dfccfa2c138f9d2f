"""Applies one converted file to its raw table: verdicts, changes, removals, rejects, the journal's row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from reveil.load.landing import LandingFile
from reveil.load.sources import Mode
from reveil.raw_tables import RawTable
from reveil.warehouse import sql

_VERDICTS = "load_verdicts"


@dataclass(frozen=True)
class Staged:
    """A file that was read: `stage` is its temporary table, `bad_rows` are (line, reason)."""

    file: LandingFile
    table: RawTable
    mode: Mode
    stage: str
    bad_rows: tuple[tuple[int, str], ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a file did. read = new + changed + unchanged + rejected + refused; `rejected` by reason, with the
    line of the first; `refused` are rows of erased people, by what they were erased for. `kept_because` says why
    a snapshot removed nothing where it might have."""

    file: str
    table: str
    read: int
    new: int
    changed: int
    unchanged: int
    removed: int
    rejected: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    is_shrunken: bool = False
    kept_because: str | None = None
    newest_at: datetime | None = None
    ignored: tuple[str, ...] = ()

    @property
    def rejected_rows(self) -> int:
        return sum(count for count, _ in self.rejected.values())

    @property
    def refused_rows(self) -> int:
        return sum(self.refused.values())


def merge(connection: duckdb.DuckDBPyConnection, staged: Staged, as_of: datetime, min_share: float) -> Outcome:
    """To be called inside a transaction, file after file."""
    load_id = connection.execute("select nextval('journal.load_ids')").fetchall()[0][0]
    names = _names(staged)
    connection.execute(sql("load_verdicts").format(**names))
    counts = _one(connection, sql("load_counts").format(**names), {})
    read = counts["rows_typed"] + len(staged.bad_rows)
    _change(connection, staged, names, load_id, as_of)
    _set_aside(connection, staged, names, load_id)
    is_shrunken = staged.mode == "full" and _is_shrunken(connection, staged.table, read, min_share)
    kept = _why_kept(staged, is_shrunken, counts["rows_without_key"])
    removed = 0 if staged.mode == "delta" or kept else _remove(connection, names)
    outcome = Outcome(
        file=staged.file.name,
        table=staged.table.name,
        read=read,
        new=counts["rows_new"],
        changed=counts["rows_changed"],
        unchanged=counts["rows_unchanged"],
        removed=removed,
        rejected=_rejected(connection, load_id),
        refused=_refused(connection, staged, names, load_id, as_of),
        is_shrunken=is_shrunken,
        kept_because=kept,
        newest_at=counts["newest_at"],
        ignored=staged.ignored,
    )
    _record(connection, staged, outcome, load_id, as_of)
    return outcome


def _names(staged: Staged) -> dict[str, str]:
    """The generated column lists of the SQL files."""
    table = staged.table
    keys = table.key or table.column_names
    columns = table.column_names
    latest = table.latest_by
    stored = (*columns, "normalised_email") if table.name == "crm_contacts" else columns
    return {
        "table": table.name,
        "stage": staged.stage,
        "verdicts": _VERDICTS,
        "keys": ", ".join(keys),
        "stage_keys": ", ".join(f"stage.{key}" for key in keys),
        "same_key": " and ".join(f"stage.{key} = held.{key}" for key in keys),
        "lacks_key": " or ".join(f"{key} is null" for key in keys),
        "stage_cells": "row(" + ", ".join(f"stage.{name}" for name in columns) + ")",
        "same_cells": " and ".join(f"stage.{name} is not distinct from held.{name}" for name in columns),
        "stage_latest": f"stage.{latest}" if latest else "null::timestamp",
        "held_latest": f"held.{latest}" if latest else "null::timestamp",
        "occurred_at": table.occurred_at or "null::timestamp",
        "assignments": ", ".join(f"{name} = stage.{name}" for name in stored),
        "columns": ", ".join(stored),
        "stage_columns": ", ".join(f"stage.{name}" for name in stored),
    }


def _change(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    names: dict[str, str],
    load_id: int,
    as_of: datetime,
) -> None:
    connection.execute(sql("load_update").format(**names), {"load_id": load_id})
    if staged.table.name == "crm_contacts":
        names = {
            **names,
            "columns": f"{names['columns']}, first_loaded_at",
            "stage_columns": f"{names['stage_columns']}, $as_of",
        }
        connection.execute(sql("load_insert").format(**names), {"load_id": load_id, "as_of": as_of})
    else:
        connection.execute(sql("load_insert").format(**names), {"load_id": load_id})


def _set_aside(connection: duckdb.DuckDBPyConnection, staged: Staged, names: dict[str, str], load_id: int) -> None:
    bound = {
        "load_id": load_id,
        "table": staged.table.name,
        "file": staged.file.name,
        "bad_lines": [line for line, _ in staged.bad_rows],
        "bad_reasons": [reason for _, reason in staged.bad_rows],
    }
    connection.execute(sql("load_rejects").format(**names), bound)


def _is_shrunken(connection: duckdb.DuckDBPyConnection, table: RawTable, read: int, min_share: float) -> bool:
    """Held against the last snapshot that was not shrunken itself: a second short file is no excuse."""
    last = connection.execute(sql("load_last_snapshot"), {"table": table.name}).fetchone()
    return last is not None and read < min_share * last[0]


def _why_kept(staged: Staged, is_shrunken: bool, without_key: int) -> str | None:
    if staged.mode == "delta":
        return None
    if is_shrunken:
        return "the snapshot is shrunken (min_share in source_freshness.csv)"
    unknown = without_key + len(staged.bad_rows)
    return f"the keys of {unknown} rows could not be read" if unknown else None


def _remove(connection: duckdb.DuckDBPyConnection, names: dict[str, str]) -> int:
    found = connection.execute(sql("load_remove").format(**names)).fetchone()
    return int(found[0]) if found else 0


def _rejected(connection: duckdb.DuckDBPyConnection, load_id: int) -> dict[str, tuple[int, int]]:
    rows = connection.execute(sql("load_rejected"), {"load_id": load_id}).fetchall()
    return {reason: (count, line) for reason, count, line in rows}


def _refused(
    connection: duckdb.DuckDBPyConnection, staged: Staged, names: dict[str, str], load_id: int, as_of: datetime
) -> dict[str, int]:
    people = "count(distinct contact_id)" if "contact_id" in staged.table.column_names else "0"
    bound = {"load_id": load_id, "table": staged.table.name, "as_of": as_of}
    connection.execute(sql("load_refusals").format(**names, people=people), bound)
    rows = connection.execute(sql("load_refused_counts"), {"load_id": load_id}).fetchall()
    return dict(rows)


def _record(
    connection: duckdb.DuckDBPyConnection, staged: Staged, outcome: Outcome, load_id: int, as_of: datetime
) -> None:
    bound = {
        "load_id": load_id,
        "table": outcome.table,
        "file": outcome.file,
        "digest": staged.file.digest,
        "origin": staged.file.origin,
        "mode": staged.mode,
        "as_of": as_of,
        "rows_read": outcome.read,
        "rows_new": outcome.new,
        "rows_changed": outcome.changed,
        "rows_unchanged": outcome.unchanged,
        "rows_rejected": outcome.rejected_rows,
        "rows_removed": outcome.removed,
        "is_shrunken": outcome.is_shrunken,
        "newest_at": outcome.newest_at,
    }
    connection.execute(sql("load_journal"), bound)


def _one(connection: duckdb.DuckDBPyConnection, statement: str, bound: dict[str, Any]) -> dict[str, Any]:
    cursor = connection.execute(statement, bound)
    names = [column[0] for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchall()[0], strict=True))
