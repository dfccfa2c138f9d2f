"""Removes traces: files that are only made from others, or only say what happened, and hold a value all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reveil import checkpoint
from reveil.erasure.search import Findings, Search
from reveil.erasure.values import Values
from reveil.settings import Settings
from reveil.warehouse import Warehouse


def sweep_traces(settings: Settings, values: Values) -> int:
    """Delete what holds a value below dbt's folders, the Data Docs and Airflow's logs, all that a killed process left
    in the scratch folder, and copies of a database that never took its place. How many files went. Repeatable."""
    removed = 0
    search = Search(values)
    for file in _traces(settings):
        search.findings = Findings()
        search.file(file, file.name)
        if search.findings.places:
            file.unlink()
            removed += 1
    with Warehouse(settings).exclusive("erase: leftovers"):
        removed += sum(1 for _ in _leftovers(settings))
    return removed


def _traces(settings: Settings) -> Iterator[Path]:
    folders = [settings.data / "dbt", settings.data_docs, settings.dbt_docs, settings.airflow / "logs"]
    for folder in folders:
        if folder.is_dir():
            yield from (file for file in sorted(folder.rglob("*")) if file.is_file() and not file.is_symlink())


def _leftovers(settings: Settings) -> Iterator[Path]:
    """Nobody has the warehouse open now, so nobody's spill files are in use."""
    for database in settings.data.glob("*.duckdb.new"):
        checkpoint.remove(database)
        yield database
    for file in settings.scratch.glob("duckdb_temp*"):
        file.unlink(missing_ok=True)
        yield file
