"""The verb `load`: landing files → raw, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from reveil import settled
from reveil.errors import BadInput
from reveil.load.convert import convert
from reveil.load.describe import Changes, describe
from reveil.load.freshness import Limit, limits, origin_of
from reveil.load.landing import LandingFile, delete_old, find_files
from reveil.load.merge import Outcome, Staged, merge
from reveil.load.read import blaming, read_file
from reveil.load.refuse import Refusals
from reveil.load.sources import Source, Sources, read_sources
from reveil.raw_tables import BY_NAME
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql

_CONSENT = {"crm_contacts", "esp_events", "last_opens"}
"""What `honour_tracking_consent` looks at."""
_NO_LIMIT = Limit(max_age_days=1, min_share=0.0)


def load(
    settings: Settings,
    as_of: datetime,
    *,
    landing: Path | None = None,
    check: bool = False,
    now: datetime | None = None,
) -> Report:
    """Load the files of the landing folder that were not loaded before.

    as_of (naive UTC) is what the journal and `first_loaded_at` say; now (naive UTC, the clock by
    default) decides which dates lie in the future and which files are old. All files are read and
    validated first, then one transaction applies them. With check, everything is read and counted
    and nothing is written: no row, no warehouse, no file deleted.

    Raises BadInput for a wrong file or sources.yml, an empty folder, files of the other origin.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    landing = landing or settings.landing
    sources = read_sources(settings.sources_file)
    floors = limits(settings.dbt_project / "seeds" / "source_freshness.csv")
    files = find_files(landing, sources)
    warehouse = Warehouse(settings)
    if not files and not warehouse.exists:
        raise _empty(landing)
    with _opened(warehouse, files, check) as connection:
        origin = _agreed_origin(connection, files, landing)
        fresh = _not_loaded(connection, files, sources)
        staged = _stage(connection, fresh, sources, now)
        refusals = Refusals(settings, as_of, check)
        outcomes, changes = _apply(connection, staged, floors, as_of, origin, refusals)
    deleted = 0 if check else delete_old(files, settings.landing_keep_days, now)
    skipped = [file.name for file in files if file not in fresh]
    return describe(outcomes, skipped, origin, deleted, changes, check)


@contextmanager
def _opened(warehouse: Warehouse, files: Sequence[LandingFile], check: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    tables = {file.table for file in files}
    if tables & _CONSENT:
        tables |= _CONSENT
    # what tells an erased person who came back (load.refuse)
    tables |= {"crm_contacts", "crm_orders", "crm_logins"}
    copied = ["journal.readmissions", "archive.orders", *sorted(f"raw.{table}" for table in tables)]
    opened = warehouse.rehearse("load --check", copied) if check else warehouse.write("load")
    with opened as connection:
        connection.execute(sql("load_macros"))
        yield connection


def _agreed_origin(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], landing: Path) -> str:
    """The warehouse's origin. Raises BadInput where the files are of the other, or none are and should."""
    origin = origin_of(connection)
    if not files:
        if origin == "sample":
            return origin
        raise _empty(landing)
    arriving = files[0].origin
    if origin is None and not any(file.table == "crm_contacts" for file in files):
        raise BadInput(f"{landing}: holds no crm_contacts; a first load needs the contacts (see docs/start-here.md)")
    if origin is not None and origin != arriving:
        raise BadInput(
            f"{landing}: {files[0].name} is {_called(arriving)} and this warehouse holds {_called(origin)}; "
            "remove the file, or set REVEIL_DATA to a folder of its own"
        )
    return arriving


def _called(origin: str) -> str:
    return "sample data" if origin == "sample" else "a company's data"


def _empty(landing: Path) -> BadInput:
    return BadInput(
        f"{landing}: no file to load; put the CRM's exports there (crm_contacts.csv …), "
        "or write sample files with `reveil sample cdnow`"
    )


def _not_loaded(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], sources: Sources
) -> list[LandingFile]:
    """Files with content that the journal does not know, each content once.

    An old snapshot that comes again after a newer one is news: it is skipped only where it is what
    its name, or the table, was last loaded from.
    """
    rows = connection.execute(sql("load_loaded_files")).fetchall()
    known = {(table, digest) for table, _, digest, _, _ in rows}
    current = {(table, name, digest) for table, name, digest, is_last, _ in rows if is_last}
    newest = {(table, digest) for table, _, digest, _, is_newest in rows if is_newest}
    fresh: list[LandingFile] = []
    for file in files:
        content = (file.table, file.digest)
        if sources.by_table[file.table].mode == "full":
            if (file.table, file.name, file.digest) not in current and content not in newest:
                fresh.append(file)
                newest = {pair for pair in newest if pair[0] != file.table} | {content}
        elif content not in known:
            fresh.append(file)
            known.add(content)
    return fresh


def _stage(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], sources: Sources, now: datetime
) -> list[Staged]:
    return [
        _stage_one(connection, file, sources.by_table[file.table], now, f"load_file_{n}")
        for n, file in enumerate(files)
    ]


def _stage_one(
    connection: duckdb.DuckDBPyConnection, file: LandingFile, source: Source, now: datetime, name: str
) -> Staged:
    table = BY_NAME[file.table]
    with blaming(file):
        cells = read_file(connection, file, source, f"{name}_cells")
        convert(connection, cells, table, source, now, name)
    connection.execute(f"drop table {name}_cells; drop table if exists {name}_cells_lines")
    return Staged(file, table, source.mode, name, cells.bad_rows, cells.ignored)


def _apply(
    connection: duckdb.DuckDBPyConnection,
    staged: Sequence[Staged],
    floors: dict[str, Limit],
    as_of: datetime,
    origin: str,
    refusals: Refusals,
) -> tuple[list[Outcome], Changes]:
    """One transaction; DuckDB undoes it when the connection closes before the commit."""
    connection.execute("begin")
    if origin_of(connection) is None:
        connection.execute("insert into journal.origin (origin) values (?)", [origin])
    last_load = connection.execute("select coalesce(max(load_id), 0) from journal.loads").fetchall()[0][0]
    refused, readmitted = refusals.mark(connection, staged)
    outcomes = [merge(connection, one, as_of, floors.get(one.table.name, _NO_LIMIT).min_share) for one in staged]
    refusals.readmit(connection)
    connection.execute(sql("load_forget_requests"), {"as_of": as_of})
    opens = honour_tracking_consent(connection, last_load)
    connection.execute("commit")
    return outcomes, Changes(opens, refused, readmitted)


def honour_tracking_consent(connection: duckdb.DuckDBPyConnection, last_load: int | None = None) -> int:
    """Turn the opens of contacts without tracking consent into the date of their last open, inside the
    caller's transaction if there is one. `last_load`: the load before what the transaction wrote, where it
    wrote rows of its own. Returns how many open rows were purged."""
    connection.execute(sql("consent_find"))
    known = "true" if last_load is None else f"load_id <= {last_load}"
    settled.forget_opens(connection, f"rowid in (select open_row from purged_opens) and {known}")
    purged = connection.execute(sql("consent_purge")).fetchone()
    connection.execute("drop table purged_opens")
    return int(purged[0]) if purged else 0
