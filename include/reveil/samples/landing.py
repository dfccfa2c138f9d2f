"""Sample tables as landing files, all or none, and never among a company's own files."""

from __future__ import annotations

from pathlib import Path

import duckdb

from reveil.errors import BadInput

FILES = {
    "crm_contacts": "csv.gz",
    "crm_orders": "csv.gz",
    "crm_logins": "csv.gz",
    "crm_preferences": "csv.gz",
    "crm_interactions": "csv.gz",
    "crm_erasure_requests": "csv.gz",
    "esp_sends": "parquet",
    "esp_events": "parquet",
    "postmaster_rates": "csv.gz",
}
"""The tables written and the kind of file of each: both kinds that a load reads."""


def refuse_company_files(landing: Path) -> None:
    """Raise BadInput when the folder holds a file that is no sample (hidden files apart)."""
    files = (file.relative_to(landing) for file in sorted(landing.rglob("*")) if file.is_file())
    found = [file for file in files if not _is_hidden(file) and ".sample." not in file.name]
    if found:
        raise BadInput(
            f"{landing}: holds {len(found)} file(s) that are no sample, {found[0]} first; "
            "sample data goes into a folder of its own (set REVEIL_DATA to another folder)"
        )


def _is_hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def write_tables(connection: duckdb.DuckDBPyConnection, landing: Path) -> dict[str, int]:
    """Write each table of the connection's schema `landing`; the number of rows by file name.

    All files are complete under hidden names before the first takes its own.
    """
    landing.mkdir(parents=True, exist_ok=True)
    names = {f"{table}.sample.{kind}": table for table, kind in FILES.items()}
    try:
        for name, table in names.items():
            _write(connection, table, _unfinished(landing, name), FILES[table])
        for name in names:
            _unfinished(landing, name).replace(landing / name)
    finally:
        for name in names:
            _unfinished(landing, name).unlink(missing_ok=True)
    return {name: _count(connection, table) for name, table in names.items()}


def _unfinished(landing: Path, name: str) -> Path:
    return landing / f".{name}.unfinished"


def _write(connection: duckdb.DuckDBPyConnection, table: str, path: Path, kind: str) -> None:
    rows = connection.table(f"landing.{table}")
    if kind == "parquet":
        rows.write_parquet(str(path), compression="zstd")
    else:
        rows.write_csv(str(path), header=True, compression="gzip")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    rows = connection.execute(f"select count(*) from landing.{table}").fetchall()
    return int(rows[0][0])
