"""Checks that block: the suites of expectations/GROUP against the warehouse.

A failed check stops the night before the next side effect. What is told (message, report, Data
Docs) is which rule failed and how many rows break it, never a value of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reveil.errors import BadInput, Refused
from reveil.quality import data_docs
from reveil.quality.outcome import SuiteOutcome, failures
from reveil.quality.suites import GROUPS, Group, Suite, parameters, read
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql

__all__ = ["GROUPS", "Group", "check"]

_MADE_BY: dict[str, str] = {"raw": "load", "journal": "load", "marts": "build"}


def check(settings: Settings, group: Group, as_of: datetime) -> Report:
    """Check the tables of a group: raw (after a load), marts (after a build), audience (before a push).

    `as_of` is a naive UTC instant. Data Docs are written whatever comes out. Raises Refused with
    `suite/expectation (offending rows)` for all that failed, BadInput for a suite that is not
    well-formed, a table that does not exist or a warehouse that was never loaded.
    """
    if group not in GROUPS:
        raise BadInput(f"group {group}: allowed: {', '.join(GROUPS)}")
    suites = read(settings.expectations / group, parameters(settings, as_of))
    results = _run(settings, group, suites)
    page = data_docs.write(settings.data_docs, group, as_of, results)
    if failed := failures(results):
        raise Refused(f"check {group}: {len(failed)} failed: {', '.join(failed)}; see {page}")
    return Report(
        f"check {group}",
        tuple(result.line for result in results),
        {
            "group": group,
            "as_of": as_of.isoformat(),
            "data_docs": str(page),
            "passed": sum(result.passed for result in results),
            "warned": sum(result.warned for result in results),
            "failed": 0,
            "suites": {
                result.suite.name: {
                    "passed": result.passed,
                    "warned": result.warned,
                    "failed": result.failed,
                }
                for result in results
            },
        },
    )


def _run(settings: Settings, group: Group, suites: Sequence[Suite]) -> tuple[SuiteOutcome, ...]:
    from reveil.quality import gx  # takes seconds

    warehouse = Warehouse(settings)
    with warehouse.shared(f"check {group}"):
        _require_tables(warehouse, group, suites)
        return gx.run(warehouse.path, warehouse.config, suites)


def _require_tables(warehouse: Warehouse, group: Group, suites: Sequence[Suite]) -> None:
    with warehouse.read(f"check {group}") as connection:
        existing = {name for (name,) in connection.execute(sql("table_names")).fetchall()}
    for suite in suites:
        if suite.table not in existing:
            verb = _MADE_BY.get(suite.table.split(".")[0], "load")
            raise BadInput(f"suite {suite.name}: no table {suite.table} yet; run `reveil {verb}` first")
