"""Suites: which expectations a table must meet, read from expectations/GROUP/TABLE.yml.

A suite is checked word by word before anything runs: Great Expectations itself accepts a
misspelt type without a sound, and a check that never ran looks like one that passed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from reveil.errors import BadInput
from reveil.settings import Settings, explain

Group = Literal["raw", "marts", "audience"]
GROUPS: tuple[Group, ...] = ("raw", "marts", "audience")
Parameter = datetime | int

NO_ROWS = "expect_no_rows"
"""Our own type: `query` selects the rows that break the rule."""

KINDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "expect_column_values_to_not_be_null": (frozenset({"column"}), frozenset({"mostly"})),
    "expect_column_values_to_be_unique": (frozenset({"column"}), frozenset({"mostly"})),
    "expect_compound_columns_to_be_unique": (frozenset({"column_list"}), frozenset({"mostly"})),
    "expect_column_values_to_be_in_set": (frozenset({"column", "value_set"}), frozenset({"mostly"})),
    "expect_column_values_to_be_between": (
        frozenset({"column"}),
        frozenset({"min_value", "max_value", "strict_min", "strict_max", "mostly"}),
    ),
    "expect_table_row_count_to_be_between": (frozenset(), frozenset({"min_value", "max_value"})),
    "expect_table_columns_to_match_set": (frozenset({"column_set"}), frozenset({"exact_match"})),
    NO_ROWS: (frozenset({"query"}), frozenset({"mostly"})),
}
"""The types that a suite may use: required and optional arguments. All of them run inside
DuckDB; many other types of Great Expectations do not (regular expressions, for one)."""

_NAME = r"^[a-z][a-z0-9_]*$"
_PARAMETER = re.compile(r"\{([A-Za-z_]\w*)\}")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Part):
    """One rule. `note` says why it is there; `severity: warn` reports and does not stop."""

    id: str = Field(pattern=_NAME)
    type: str
    note: str = Field(min_length=1)
    severity: Literal["block", "warn"] = "block"
    kwargs: dict[str, Any] = Field(default_factory=dict)

    @field_validator("type")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in KINDS:
            raise ValueError(f"no such expectation; allowed: {', '.join(KINDS)}")
        return value

    @model_validator(mode="after")
    def _has_its_arguments(self) -> Expectation:
        required, optional = KINDS[self.type]
        if unknown := sorted(set(self.kwargs) - required - optional):
            allowed = ", ".join(sorted(required | optional))
            raise ValueError(f"kwargs.{unknown[0]}: {self.type} has no such argument; allowed: {allowed}")
        if missing := sorted(required - set(self.kwargs)):
            raise ValueError(f"kwargs.{missing[0]}: missing; {self.type} needs it")
        return self


class Suite(_Part):
    """The rules of one table, named after their file."""

    name: str
    table: str = Field(pattern=r"^[a-z_]+\.[a-z_]+$")
    note: str = Field(min_length=1)
    expectations: tuple[Expectation, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_unique_ids(self) -> Suite:
        ids = [expectation.id for expectation in self.expectations]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"the id {twice[0]} stands twice; each expectation has its own")
        return self


def parameters(settings: Settings, as_of: datetime) -> dict[str, Parameter]:
    """What a suite may write as {name}."""
    return {
        "as_of": as_of,
        "max_audience": settings.push.max_audience,
        "min_days_between_messages": settings.push.min_days_between_messages,
    }


def read(folder: Path, values: Mapping[str, Parameter]) -> tuple[Suite, ...]:
    """The suites of a folder in the order of their names, parameters filled in.

    Raises BadInput naming file, key and what is allowed; also when the folder holds no suite,
    since a gate without checks would let everything through.
    """
    files = sorted(folder.glob("*.y*ml"))
    if not files:
        raise BadInput(f"{folder}: no suites (*.yml); nothing would be checked")
    if wrong := [file for file in files if file.suffix != ".yml"]:
        raise BadInput(f"{wrong[0]}: name it .yml")
    return tuple(read_one(file, values) for file in files)


def read_one(file: Path, values: Mapping[str, Parameter]) -> Suite:
    """The suite of one file, parameters filled in. Raises BadInput."""
    document = _document(file)
    try:
        suite = Suite.model_validate({**document, "name": file.stem})
    except ValidationError as error:
        raise BadInput(f"{file}: {explain(error)}") from None
    filled = tuple(_filled(file, expectation, values) for expectation in suite.expectations)
    return suite.model_copy(update={"expectations": filled})


def _document(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadInput(f"{file}{f', line {mark.line + 1}' if mark else ''}: not valid YAML") from None
    if not isinstance(document, dict):
        raise BadInput(f"{file}: must be a block with table, note and expectations")
    if "name" in document:
        raise BadInput(f"{file}: name: not allowed; a suite is named after its file")
    return document


def _filled(file: Path, expectation: Expectation, values: Mapping[str, Parameter]) -> Expectation:
    try:
        kwargs = {
            key: _in_sql(value, values) if key == "query" else _in_value(value, values)
            for key, value in expectation.kwargs.items()
        }
    except KeyError as error:
        allowed = ", ".join(f"{{{name}}}" for name in sorted(values))
        raise BadInput(f"{file}: {expectation.id}: {{{error.args[0]}}} is no parameter; allowed: {allowed}") from None
    return expectation.model_copy(update={"kwargs": kwargs})


def _in_value(value: Any, values: Mapping[str, Parameter]) -> Any:
    """A value that is a parameter's name in braces becomes the parameter itself, with its type."""
    if isinstance(value, str) and (match := _PARAMETER.fullmatch(value)):
        return values[match.group(1)]
    if isinstance(value, list):
        return [_in_value(item, values) for item in value]
    return value


def _in_sql(query: Any, values: Mapping[str, Parameter]) -> str:
    return _PARAMETER.sub(lambda match: _literal(values[match.group(1)]), str(query)).strip()


def _literal(value: Parameter) -> str:
    """A typed SQL literal: only instants and whole numbers, so that no text can end a string early."""
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    return str(int(value))
