"""Runs suites through Great Expectations: the only module that imports it.

Importing this module takes seconds, so it is imported inside the function that needs it. Two
things are kept out of what leaves here: values (results are counts, no offending value is ever
fetched) and the text of errors (DuckDB quotes the value that it could not convert).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any, ClassVar

import great_expectations as gx
from great_expectations.core import ExpectationSuite, ExpectationValidationResult
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.expectations.expectation import BatchExpectation, Expectation
from great_expectations.expectations.registry import get_expectation_impl

from reveil.errors import BadInput
from reveil.quality import dialect, suites
from reveil.quality.outcome import Outcome, SuiteOutcome

_FIRST = "BOOLEAN_ONLY"
"""Asks only for counts, which are computed for all expectations of a table in one query."""
_COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
"""Tells the counts. Every other format writes offending values into the result."""
_PROJECT = DataContextConfig(
    analytics_enabled=False,
    progress_bars=ProgressBarsConfig(globally=False),
    store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
)
"""No analytics, no progress bars, and no site in the folder of temporary files."""
_RULE = "rule"
"""Where an expectation carries our id: its own `id` is for those kept in a store."""
_ERROR = re.compile(r"\b([A-Z][A-Za-z]+(?:Exception|Error))\b")


class ExpectNoRows(BatchExpectation):  # type: ignore[misc]  # it is untyped to mypy
    """Fails when `query` selects rows, more than a share of `1 - mostly` of the table's.

    Unlike Great Expectations' own UnexpectedRowsExpectation it only counts: the rows that break
    a rule are personal data and stay in the warehouse.
    """

    query: str
    mostly: float = 1.0

    metric_dependencies: ClassVar[tuple[str, ...]] = ("query.row_count", "table.row_count")
    success_keys: ClassVar[tuple[str, ...]] = ("query", "mostly")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "row_condition", "condition_parser")

    def _validate(
        self, metrics: Mapping[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        rows, total = metrics["query.row_count"], metrics["table.row_count"]
        success = rows == 0 or (total > 0 and (total - rows) / total >= self.mostly)
        return {"success": success, "result": {"unexpected_count": rows}}


def run(warehouse: Path, config: Mapping[str, Any], chosen: Sequence[suites.Suite]) -> tuple[SuiteOutcome, ...]:
    """The outcome of each suite against the warehouse file, opened read-only and closed at the end.

    An expectation that could not be evaluated counts as failed. Raises BadInput for an argument of
    the wrong type, before the warehouse is opened.
    """
    built = [[build(suite, expectation) for expectation in suite.expectations] for suite in chosen]
    with _quiet(), _datasource(warehouse, config) as datasource:
        return tuple(
            SuiteOutcome(suite, tuple(_validate(datasource, suite, expectations)))
            for suite, expectations in zip(chosen, built, strict=True)
        )


def build(suite: suites.Suite, expectation: suites.Expectation) -> Expectation:
    """The expectation as Great Expectations' object. Raises BadInput for an argument of a wrong type."""
    kwargs = dict(expectation.kwargs)
    if "query" in kwargs:
        kwargs["query"] = _literally(kwargs["query"])
    severity = "critical" if expectation.severity == "block" else "warning"
    try:
        made: Expectation = get_expectation_impl(expectation.type)(
            meta={_RULE: expectation.id}, notes=expectation.note, severity=severity, **kwargs
        )
    except ValueError as error:
        problems = "; ".join(
            f"kwargs.{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in getattr(error, "errors", list)()
        )
        raise BadInput(f"{suite.name}.yml: {expectation.id}: {problems or 'not accepted'}") from None
    return made


def _literally(query: str) -> str:
    """The query as it must be written for Great Expectations (str.format) and SQLAlchemy (:name)."""
    return query.replace("{", "{{").replace("}", "}}").replace(":", "\\:")


@contextmanager
def _datasource(warehouse: Path, config: Mapping[str, Any]) -> Iterator[SQLDatasource]:
    """A data source in an in-memory project: nothing is kept, nobody is told (analytics off)."""
    dialect.register()
    context = gx.get_context(mode="ephemeral", project_config=_PROJECT)
    datasource = context.data_sources.add_sql(
        name="warehouse",
        connection_string=dialect.URL,
        create_temp_table=False,
        kwargs={"connect_args": dialect.connect_args(warehouse, dict(config))},
    )
    try:
        yield datasource
    finally:
        datasource.get_execution_engine().engine.dispose()
        datasource.get_engine().dispose()


@contextmanager
def _quiet() -> Iterator[None]:
    """Great Expectations and SQLAlchemy log statements and the text of errors, values included.

    Some of their loggers set a level of their own, so what they say is stopped further up.
    """
    loggers = [logging.getLogger(name) for name in ("great_expectations", "sqlalchemy")]
    before = [(logger.propagate, logger.handlers) for logger in loggers]
    try:
        for logger in loggers:
            logger.propagate, logger.handlers = False, [logging.NullHandler()]
        yield
    finally:
        for logger, (propagate, handlers) in zip(loggers, before, strict=True):
            logger.propagate, logger.handlers = propagate, handlers


def _validate(datasource: SQLDatasource, suite: suites.Suite, expectations: Sequence[Expectation]) -> Iterator[Outcome]:
    schema, table = suite.table.split(".")
    asset = datasource.add_table_asset(name=suite.name, schema_name=schema, table_name=table)
    batch = asset.add_batch_definition_whole_table("whole").get_batch()
    first = _results(batch, expectations, _FIRST)
    for expectation, made in zip(suite.expectations, expectations, strict=True):
        if first[expectation.id].success:
            yield Outcome(expectation, "passed")
        else:
            yield _outcome(expectation, _results(batch, [made], _COUNTS)[expectation.id])


def _results(
    batch: Batch, expectations: Iterable[Expectation], result_format: Any
) -> dict[str, ExpectationValidationResult]:
    suite = ExpectationSuite(name="rules", expectations=[copy(made) for made in expectations])
    results = batch.validate(suite, result_format=result_format).results
    return {result.expectation_config.meta[_RULE]: result for result in results}


def _outcome(expectation: suites.Expectation, result: ExpectationValidationResult) -> Outcome:
    """What an expectation gives on its own: one that raises takes its table's others down with it."""
    if error := _error(result.exception_info or {}):
        return Outcome(expectation, "error", error=error)
    if result.success:
        return Outcome(expectation, "passed")
    rows = result.result.get("unexpected_count")
    seen = result.result.get("observed_value")
    return Outcome(expectation, "failed", rows=rows, seen=seen if isinstance(seen, int) else None)


def _error(info: Mapping[str, Any]) -> str | None:
    """The class of what a metric raised. Never its message."""
    raised = [info] if "raised_exception" in info else list(info.values())
    for each in raised:
        if each.get("raised_exception"):
            found = _ERROR.search(str(each.get("exception_message", "")))
            return found.group(1) if found else "an error"
    return None
