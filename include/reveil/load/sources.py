"""Reads and validates include/sources.yml: how a company's files map to the raw tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from reveil.errors import BadInput
from reveil.load.document import Document
from reveil.raw_tables import BY_NAME, RawTable

Mode = Literal["full", "delta"]
Encoding = Literal["utf-8", "latin-1", "utf-16"]
INSTANTS = ("TIMESTAMP", "DATE")
_DIRECTIVE = re.compile(r"%(-[dmyHIMSj]|[abcdfghjmnpuwxyzABGHIMSTUVWXYZ%])")
"""What DuckDB's strptime knows."""
_Model = TypeVar("_Model", bound=BaseModel)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("unknown time zone; write a name like Europe/Paris or UTC") from None
    return name


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, values: Any) -> Any:
        """A key with nothing after it is as good as absent."""
        if isinstance(values, dict):
            return {key: value for key, value in values.items() if value is not None}
        return values


class Format(_Section):
    """How the cells of a source are written."""

    time_zone: str = "UTC"
    datetime_format: tuple[str, ...] = ()
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    encoding: Encoding = "utf-8"
    decimal: Literal["point", "comma"] = "point"
    null_text: tuple[str, ...] = ("NULL", "null", "\\N")
    default_business_line: str | None = None

    @field_validator("datetime_format", "null_text", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return _known_zone(name)

    @field_validator("datetime_format")
    @classmethod
    def _directives(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if any("%" not in text or "%" in _DIRECTIVE.sub("", text) for text in formats):
            raise ValueError("must be made of strptime's directives, like %d/%m/%Y %H:%M:%S")
        return formats


class Source(Format):
    """Where the files of one raw table are and how they map to it."""

    files: tuple[str, ...] = Field(min_length=1)
    mode: Mode = "delta"
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    time_zones: dict[str, str] = {}

    @field_validator("files", mode="before")
    @classmethod
    def _one_or_many_globs(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("files")
    @classmethod
    def _below_landing(cls, globs: tuple[str, ...]) -> tuple[str, ...]:
        if any(glob.startswith("/") or ".." in glob.split("/") for glob in globs):
            raise ValueError("must be patterns below the landing folder, like crm_orders/*.csv.gz")
        return globs

    @field_validator("time_zones")
    @classmethod
    def _zones(cls, zones: dict[str, str]) -> dict[str, str]:
        return {column: _known_zone(name) for column, name in zones.items()}

    def zone_of(self, column: str) -> str:
        return self.time_zones.get(column, self.time_zone)


@dataclass(frozen=True)
class Sources:
    """One Source per raw table, and the patterns of files that are none."""

    by_table: dict[str, Source]
    ignore: tuple[str, ...]


class _File(_Section):
    ignore: tuple[str, ...] = ("*.md", "*.part", "*.tmp")
    defaults: dict[str, Any] = {}
    tables: dict[str, dict[str, Any] | None] = {}


def read_sources(file: Path) -> Sources:
    """The sources of every raw table: those of the file over its defaults over the package's.

    Raises BadInput naming file, line and key of the first mistakes, and what is allowed there.
    """
    document = Document(file)
    outline = _validated(_File, document.values, document, ())
    _validated(Format, outline.defaults, document, ("defaults",))
    for name in outline.tables:
        if name not in BY_NAME:
            raise _mistake(document, ("tables", name), f"unknown table; one of {', '.join(BY_NAME)}")
    by_table = {
        name: _source(table, outline.tables.get(name) or {}, outline.defaults, document)
        for name, table in BY_NAME.items()
    }
    return Sources(by_table, outline.ignore)


def _source(table: RawTable, own: dict[str, Any], defaults: dict[str, Any], document: Document) -> Source:
    files = (f"{table.name}.*", f"{table.name}/*")
    own = {key: value for key, value in own.items() if value is not None}
    source = _validated(Source, {"files": files, **defaults, **own}, document, ("tables", table.name))
    _check_columns(table, source, document)
    return source


def _check_columns(table: RawTable, source: Source, document: Document) -> None:
    names = set(table.column_names)
    place = ("tables", table.name)
    for theirs, ours in source.columns.items():
        if ours not in names:
            raise _mistake(document, (*place, "columns", theirs), _unknown(table))
    for key in ("constants", "values", "time_zones"):
        for ours in getattr(source, key):
            if ours not in names:
                raise _mistake(document, (*place, key, ours), _unknown(table))
    _check_once(source, document, place)
    _check_instants(table, source, document)


def _check_once(source: Source, document: Document, place: tuple[str, ...]) -> None:
    seen: set[str] = set(source.constants)
    for theirs, ours in source.columns.items():
        if ours in seen:
            raise _mistake(document, (*place, "columns", theirs), f"`{ours}` is given twice; keep one")
        seen.add(ours)


def _check_instants(table: RawTable, source: Source, document: Document) -> None:
    instants = [column.name for column in table.columns if column.type in INSTANTS]
    for ours in source.time_zones:
        if ours not in instants:
            allowed = f"has no time; one of {', '.join(instants)}"
            raise _mistake(document, ("tables", table.name, "time_zones", ours), allowed)


def _unknown(table: RawTable) -> str:
    return f"unknown column of {table.name}; one of {', '.join(table.column_names)}"


def _validated(model: type[_Model], values: Any, document: Document, place: tuple[str, ...]) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        key = (*place, *(str(part) for part in problem["loc"]))
        raise _mistake(document, _in_defaults(document, key), _allowed(problem["msg"], model)) from None


def _in_defaults(document: Document, key: tuple[str, ...]) -> tuple[str, ...]:
    """A table's value may come from the defaults: then the mistake is there."""
    table = document.values.get("tables", {}) if isinstance(document.values, dict) else {}
    own = table.get(key[1]) or {} if len(key) > 2 and key[0] == "tables" else None
    return ("defaults", *key[2:]) if own is not None and key[2] not in own else key


def _allowed(message: str, model: type[BaseModel]) -> str:
    if message == "Extra inputs are not permitted":
        return f"unknown key; one of {', '.join(model.model_fields)}"
    return message.removeprefix("Value error, ")


def _mistake(document: Document, place: tuple[str, ...], message: str) -> BadInput:
    return BadInput(f"{document.where(place)}: {'.'.join(place) or 'file'}: {message}")
