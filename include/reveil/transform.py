"""Runs dbt: the only module that does.

dbt quotes the cell that failed a test or a conversion, in its log, on stdout and in
run_results.json. So its own log, console and artifacts are switched off here, and what is
kept, a log of node names and outcomes and the manifest, is written by this module.
"""

from __future__ import annotations

import gc
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reveil.errors import BadInput, Refused
from reveil.report import Report
from reveil.seeds import business_lines, check_retention
from reveil.settings import Settings
from reveil.settled import NOTHING, Window, first_of_month, rules_version, window
from reveil.warehouse import Warehouse, sql

if TYPE_CHECKING:
    import duckdb
    from dbt.artifacts.schemas.results import NodeResult
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

_QUIET = (
    "--quiet",
    "--no-print",
    "--log-level=none",
    "--log-level-file=none",
    "--no-write-json",
    "--no-send-anonymous-usage-stats",
    "--no-use-colors",
)
_ANY_NIGHT = {"as_of": "2000-01-02 00:00:00", "events_from": "2000-01-01", "settled_until": "2000-01-02"}
"""What is parsed does not depend on the night: with the same variables each time, dbt parses only files that changed. A
night that settles (macros/settled.sql) reads all that any night does."""
_STATUS_LINE = (
    "contacts: {active} active ({drifting} drifting), {dormant} dormant, {lost} lost; {mailable} of {contacts} mailable"
)
_NEXT_LINE = "next steps: {next_steps}; due for erasure: {erasure_due}, overdue: {erasure_overdue}"
_FAILED = frozenset({"error", "fail", "runtime error", "partial success"})
_ERROR_CLASS = re.compile(r"\b[A-Z][A-Za-z-]+(?: [A-Z][A-Za-z-]+)* Error\b")
# these are raised before a row is read, or only say where another one occurred
_WITHOUT_VALUES = frozenset(
    f"{kind} Error"
    for kind in ("Binder", "Catalog", "Compilation", "Contract", "Database", "Parser", "Parsing", "Runtime")
)


@dataclass(frozen=True)
class Column:
    """A column of a mart, as its YAML describes it."""

    name: str
    description: str
    is_personal: bool


@dataclass(frozen=True)
class Mart:
    """A mart as its YAML describes it."""

    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def public_columns(self) -> tuple[Column, ...]:
        """The columns that do not name a person."""
        return tuple(column for column in self.columns if not column.is_personal)


@dataclass(frozen=True)
class Table:
    """A source or a model as its YAML describes it. `is_kept`: a model whose rows outlive a build."""

    schema: str
    name: str
    is_source: bool
    is_kept: bool
    columns: tuple[tuple[str, frozenset[str]], ...]
    """Names with the marks that `meta` gives them."""

    def marked(self, mark: str) -> tuple[str, ...]:
        return tuple(name for name, marks in self.columns if mark in marks)


def build(settings: Settings, as_of: datetime, *, full_refresh: bool = False, unit_tests: bool = False) -> Report:
    """Build and test every model as of `as_of` (naive UTC) under the warehouse's exclusive lock.

    `unit_tests` runs the models' unit tests as well; a night does without.
    Raises BadInput when a rule or a contact's business line is wrong, before anything is built,
    and Refused naming the models and tests that failed, with counts and never with values.
    """
    started = time.monotonic()
    check_rules(settings)
    arguments = ["build"]
    if full_refresh:
        arguments.append("--full-refresh")
    if not unit_tests:
        arguments += ["--exclude-resource-type", "unit_test"]
    with Warehouse(settings).write("build") as connection:
        reads = window(settings, connection, as_of, full_refresh=full_refresh)
        results = _run(settings, as_of, arguments, reads.variables)
        figures = _figures(connection)
    seconds = round(time.monotonic() - started, 1)
    return _report(as_of, results, figures, seconds)


def build_only(
    settings: Settings,
    as_of: datetime,
    models: Sequence[str],
    *,
    full_refresh: bool = False,
    reads: Window | None = None,
) -> dict[str, float]:
    """Build some models and what they are made of, untested; seconds per node by name. For benchmarks and tests.

    `reads` overrides what the build would find out about the settled past. Raises Refused like `build`.
    """
    arguments = ["build", "--exclude-resource-type", "unit_test", "test"]
    if full_refresh:
        arguments.append("--full-refresh")
    arguments += ["--select", *(f"+{name}" for name in models)]
    with Warehouse(settings).write("build") as connection:
        reads = reads or window(settings, connection, as_of, full_refresh=full_refresh)
        results = _run(settings, as_of, arguments, reads.variables)
    return {result.node.name: result.execution_time for result in results}


def check_rules(settings: Settings) -> None:
    """Raise BadInput when a threshold, a retention period or a contact's business line is wrong."""
    folder = settings.dbt_project / "seeds"
    thresholds = folder / "status_thresholds.csv"
    known = business_lines(thresholds)
    check_retention(folder / "retention_periods.csv")
    for line, contacts in _contacts_per_line(settings):
        if not line:
            raise BadInput(
                f"{contacts} contacts have no business line; set default_business_line in {settings.sources_file}"
            )
        if line not in known:
            raise BadInput(f"{contacts} contacts are of the business line {line!r}; add its rows to {thresholds}")


def compiled(settings: Settings, as_of: datetime) -> dict[str, str]:
    """The SQL of every model as it would run as of `as_of`, by name."""
    settles_all = Window(first_of_month(as_of.date()), NOTHING, rules_version(settings.dbt_project), {})
    variables = {name: value for name, value in settles_all.variables.items() if value}
    with Warehouse(settings).write("compile"):
        results = _run(settings, as_of, ["compile", "--no-introspect"], variables)
    return {result.node.name: result.node.compiled_code for result in results if result.node.resource_type == "model"}


def document(settings: Settings, as_of: datetime) -> Report:
    """Write the description of all models, sources and rules, with their lineage, as one HTML file that needs neither
    network nor server. It holds names, descriptions, SQL and types, no row. Raises like `build`."""
    page = settings.dbt_docs / "index.html"
    with Warehouse(settings).write("docs"):
        _run(settings, as_of, ["docs", "generate", "--static"])
        page.parent.mkdir(parents=True, exist_ok=True)
        (settings.dbt_target / "static_index.html").replace(page)
        for leftover in ("index.html", "catalog.json"):  # what a server would read; the page holds it all
            (settings.dbt_target / leftover).unlink(missing_ok=True)
    return Report("docs", (f"wrote {page}",), {"page": str(page), "bytes": page.stat().st_size})


def marts(settings: Settings) -> tuple[Mart, ...]:
    """The marts of the last build, from dbt's manifest, in name order.

    Raises BadInput when nothing was built yet.
    """
    nodes = _nodes(settings)
    found = [_mart(node) for node in nodes if node["resource_type"] == "model" and node["schema"] == "marts"]
    return tuple(sorted(found, key=lambda mart: mart.name))


def seeds(settings: Settings) -> tuple[str, ...]:
    """The names of the rule tables of the last build, in order. Raises BadInput like `marts`."""
    return tuple(sorted(node["name"] for node in _nodes(settings) if node["resource_type"] == "seed"))


def tables(settings: Settings) -> tuple[Table, ...]:
    """Every source and model of the last build, as described. Raises BadInput like `marts`."""
    manifest = _manifest(settings)
    models = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    return tuple(_table(node) for node in [*manifest["sources"].values(), *models])


def _table(node: Mapping[str, Any]) -> Table:
    columns = tuple(
        (column["name"], frozenset(mark for mark, value in column["config"]["meta"].items() if value is True))
        for column in node["columns"].values()
    )
    is_source = node["resource_type"] == "source"
    is_kept = not is_source and node["config"]["materialized"] == "incremental"
    return Table(node["schema"], f"{node['schema']}.{node['name']}", is_source, is_kept, columns)


def _nodes(settings: Settings) -> list[dict[str, Any]]:
    return list(_manifest(settings)["nodes"].values())


def _manifest(settings: Settings) -> dict[str, Any]:
    file = settings.dbt_target / "manifest.json"
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"{file}: nothing was built yet; run `reveil build` first") from None
    return document


def _mart(node: Mapping[str, Any]) -> Mart:
    columns = tuple(
        Column(column["name"], column["description"], bool(column["config"]["meta"].get("personal")))
        for column in node["columns"].values()
    )
    return Mart(node["name"], node["description"].strip(), columns)


def _contacts_per_line(settings: Settings) -> list[tuple[str, int]]:
    """Contacts per business line; makes the package's tables where they are missing."""
    warehouse = Warehouse(settings)
    if not warehouse.exists:
        raise BadInput(f"{warehouse.path}: no warehouse yet; run `reveil load` first")
    with warehouse.write("build") as connection:
        return connection.execute(sql("contacts_per_line")).fetchall()


def _run(
    settings: Settings, as_of: datetime, arguments: Sequence[str], variables: Mapping[str, Any] | None = None
) -> list[NodeResult]:
    """Parse the project, then run a dbt command in this process; DuckDB is closed afterwards."""
    tonight = {**_variables(settings, as_of), **(variables or {})}
    with _uncollected():
        from dbt.cli.main import dbtRunner

        try:
            outcome = dbtRunner(parse(settings)).invoke([*arguments, *_options(settings, tonight)])
        finally:
            _close_duckdb()
    if outcome.exception is not None and not isinstance(outcome.exception, Exception):
        raise outcome.exception  # dbt swallows the request to stop
    results = list(getattr(outcome.result, "results", ()))
    _log(settings, results)
    if not outcome.success:
        raise Refused(_failure(outcome, results))
    return results


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's cyclic garbage collector: dbt makes hundreds of thousands of objects that stay, and looking
    through them again and again is a tenth of what it costs."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _options(settings: Settings, variables: Mapping[str, Any]) -> list[str]:
    return [*_QUIET, *_paths(settings), "--vars", json.dumps(variables)]


def parse(settings: Settings) -> Manifest:
    """Read the dbt project, of which only what changed since the last time, and write its manifest. Raises Refused."""
    from dbt.cli.main import dbtRunner

    outcome = dbtRunner().invoke(["parse", *_options(settings, _ANY_NIGHT)])
    if not outcome.success:
        raise Refused(f"dbt could not read {settings.dbt_project}: {_without_values(str(outcome.exception))}")
    manifest: Manifest = outcome.result
    settings.dbt_target.mkdir(parents=True, exist_ok=True)
    manifest.write(str(settings.dbt_target / "manifest.json"))
    return manifest


def _paths(settings: Settings) -> list[str]:
    project = str(settings.dbt_project)
    return [
        *("--project-dir", project, "--profiles-dir", project),
        *("--target-path", str(settings.dbt_target), "--log-path", str(settings.dbt_logs)),
    ]


def _variables(settings: Settings, as_of: datetime) -> dict[str, Any]:
    return {
        "as_of": as_of.isoformat(sep=" "),
        "warehouse": str(settings.warehouse),
        "memory_limit": settings.memory_limit,
        "temp_directory": str(settings.data / "tmp"),
        "drifting_days": settings.status.drifting_days,
        "ahead_days": settings.erasure.ahead_days,
        "min_days_between_messages": settings.push.min_days_between_messages,
        **settings.reactivation.model_dump(),
    }


def _close_duckdb() -> None:
    """dbt keeps the database open for its process; let others in."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager.env().close()
    DuckDBConnectionManager.close_all_connections()


def _log(settings: Settings, results: Sequence[NodeResult]) -> None:
    """One line a node: name, outcome, failures, seconds. Replaces the last run's."""
    settings.dbt_logs.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{result.execution_time:8.2f} s  {result.status:<8}  {result.node.unique_id}{_count(result)}\n"
        for result in results
    ]
    (settings.dbt_logs / "nodes.log").write_text("".join(lines), encoding="utf-8")


def _failure(outcome: dbtRunnerResult, results: Sequence[NodeResult]) -> str:
    failed = [result for result in results if result.status in _FAILED]
    if not failed:
        return f"dbt failed: {_without_values(str(outcome.exception))}"
    told = "; ".join(f"{result.node.name}{_count(result) or ': ' + _why(result)}" for result in failed)
    return f"{len(failed)} models or tests failed, the marts are not to be used: {told}"


def _count(result: NodeResult) -> str:
    return f" ({result.failures} rows)" if result.status == "fail" and result.failures else ""


def _why(result: NodeResult) -> str:
    return _without_values(result.message or str(result.status))


def _without_values(message: str) -> str:
    """dbt's message where it can only hold SQL, else the classes of the errors in it."""
    classes = dict.fromkeys(_ERROR_CLASS.findall(message))
    if classes.keys() <= _WITHOUT_VALUES and classes.keys() - {"Runtime Error", "Database Error"}:
        return " ".join(message.split())
    return ", ".join(classes) or "an error whose text may hold values, so it is not shown"


def _figures(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    cursor = connection.execute(sql("build_figures"))
    names = [column[0] for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchall()[0], strict=True))


def _report(as_of: datetime, results: Sequence[NodeResult], figures: dict[str, int], seconds: float) -> Report:
    models = sum(result.node.resource_type == "model" for result in results)
    tests = sum(result.node.resource_type in ("test", "unit_test") for result in results)
    lines = (
        f"as of {as_of:%Y-%m-%d %H:%M}: {models} models built and {tests} tests passed in {seconds:g} s",
        _STATUS_LINE.format(**figures),
        _NEXT_LINE.format(**figures),
    )
    told = {"as_of": as_of.isoformat(), "models": models, "tests": tests, "seconds": seconds, **figures}
    return Report("build", lines, told)
