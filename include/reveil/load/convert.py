"""Text cells → typed values, and what is wrong with a row: composed per file from its source."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb

from reveil.addresses import ASCII_ADDRESS, MAX_ADDRESS, MAX_LOCAL, normalise_address
from reveil.load.read import Cells
from reveil.load.sources import Source
from reveil.raw_tables import Column, RawTable
from reveil.warehouse import sql

FUTURE_TOLERANCE = timedelta(hours=24)
"""Clocks and time zones differ; a day beyond the clock is a mistake."""

_REASONS = {
    "TIMESTAMP": "bad_timestamp",
    "DATE": "bad_timestamp",
    "DECIMAL(18, 2)": "bad_number",
    "DOUBLE": "bad_number",
    "SMALLINT": "bad_number",
    "BOOLEAN": "bad_boolean",
}


def convert(
    connection: duckdb.DuckDBPyConnection,
    cells: Cells,
    table: RawTable,
    source: Source,
    now: datetime,
    stage: str,
) -> None:
    """Make the temporary table `stage`: line, the table's columns typed, problem."""
    bound = _Bound()
    statement = sql("load_convert").format(
        stage=stage,
        relation=cells.relation,
        words=", ".join(f"{_word(column, cells, source, bound)} as {column.name}_" for column in table.columns),
        values=", ".join(f"{_value(column, cells, source, bound)} as {column.name}" for column in table.columns),
        columns=", ".join((*table.column_names, *_derived(table, bound))),
        problem=_problem(table, bound, now + FUTURE_TOLERANCE),
    )
    connection.execute(statement, bound.values)
    if table.name == "crm_contacts":
        _normalise_non_ascii(connection, stage)
    if table.name == "crm_erasure_requests":
        _normalise_requests(connection, stage)


def _derived(table: RawTable, bound: _Bound) -> list[str]:
    if table.name != "crm_contacts":
        return []
    limits = ", ".join(bound(limit) for limit in (ASCII_ADDRESS, MAX_ADDRESS, MAX_LOCAL))
    return [f"ascii_address(email, {limits}) as normalised_email"]


def _normalise_non_ascii(connection: duckdb.DuckDBPyConnection, stage: str) -> None:
    found = connection.execute(sql("load_non_ascii").format(stage=stage)).fetchall()
    addresses = [row[0] for row in found]
    normalised = [normalise_address(address) for address in addresses]
    bound = {"addresses": addresses, "normalised": normalised}
    connection.execute(sql("load_normalise_non_ascii").format(stage=stage), bound)


def _normalise_requests(connection: duckdb.DuckDBPyConnection, stage: str) -> None:
    """The address that a request names, as contacts bear it; what is no plausible address stays as it is."""
    found = [row[0] for row in connection.execute(sql("load_request_addresses").format(stage=stage)).fetchall()]
    normalised = [normalise_address(address) or address for address in found]
    bound = {"addresses": found, "normalised": normalised}
    connection.execute(sql("load_normalise_requests").format(stage=stage), bound)


class _Bound:
    """Collects bound parameters: what the source's file says never becomes SQL text."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def __call__(self, value: Any) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def _word(column: Column, cells: Cells, source: Source, bound: _Bound) -> str:
    """The cell as trimmed text, translated; null where the file has no such column."""
    if constant := source.constants.get(column.name):
        return f"{bound(constant)}::varchar"
    if column.name not in cells.columns:
        return "null::varchar"
    text = f"cell({column.name}, {bound(list(source.null_text))}::varchar[])"
    if words := source.values.get(column.name):
        theirs, ours = list(words), list(words.values())
        text = f"nullif(translated({text}, {bound(theirs)}::varchar[], {bound(ours)}::varchar[]), '')"
    return text


def _value(column: Column, cells: Cells, source: Source, bound: _Bound) -> str:
    word = f"{column.name}_"
    is_native = column.name in cells.native
    has_comma = source.decimal == "comma" and not is_native
    number = f"with_point({word})" if has_comma else word
    formats = () if is_native else source.datetime_format
    match column.type:
        case "TIMESTAMP":
            return _instant(word, formats, source.zone_of(column.name), bound)
        case "DATE":
            return _day(word, formats, bound)
        case "BOOLEAN":
            return f"flag({word})"
        case "DECIMAL(18, 2)":
            return f"amount({number})"
        case "DOUBLE":
            return f"rate({number})"
        case "SMALLINT":
            return f"whole_number({word})"
    if column.values:
        return f"lower({word})"
    if column.name == "business_line" and source.default_business_line:
        return f"coalesce({word}, {bound(source.default_business_line)}::varchar)"
    return word


def _instant(word: str, formats: tuple[str, ...], zone: str, bound: _Bound) -> str:
    in_zone = f"{bound(zone)}::varchar"
    if not formats:
        return f"instant({word}, {in_zone})"
    with_offset = [text for text in formats if "%z" in text.lower()]
    naive = [text for text in formats if "%z" not in text.lower()]
    tried = ["null::timestamp"]
    if with_offset:
        tried.append(f"formatted_offset_instant({word}, {bound(with_offset)}::varchar[])")
    if naive:
        tried.append(f"formatted_instant({word}, {bound(naive)}::varchar[], {in_zone})")
    return f"coalesce({', '.join(tried)})"


def _day(word: str, formats: tuple[str, ...], bound: _Bound) -> str:
    naive = [text for text in formats if "%z" not in text.lower()]
    if naive:
        return f"formatted_instant({word}, {bound(naive)}::varchar[], 'UTC')::date"
    return f"local_day({word})"


def _problem(table: RawTable, bound: _Bound, latest: datetime) -> str:
    limit = f"{bound(latest)}::timestamp"
    checks = [check for column in table.columns for check in _checks(table, column, limit, bound)]
    if table.one_of:
        nothing = " and ".join(f"{name} is null" for name in table.one_of)
        checks.append((nothing, f"{table.one_of[0]}:missing_required"))
    whens = " ".join(f"when {condition} then '{problem}'" for condition, problem in checks)
    return f"case {whens} end" if whens else "null::varchar"


def _checks(table: RawTable, column: Column, limit: str, bound: _Bound) -> list[tuple[str, str]]:
    name, word = column.name, f"{column.name}_"
    found = []
    if column.required:
        found.append((f"{word} is null", f"{name}:missing_required"))
    if reason := _REASONS.get(column.type):
        found.append((f"{word} is not null and {name} is null", f"{name}:{reason}"))
    if column.values:
        allowed = f"list_contains({bound(list(column.values))}::varchar[], {name}::varchar)"
        found.append((f"{name} is not null and not {allowed}", f"{name}:value_not_allowed"))
    if name in table.addresses:
        found.append((f"has_control({word})", f"{name}:address_line_break"))
    if name in (table.occurred_at, table.latest_by):
        found.append((f"{name} > {limit}", f"{name}:future_date"))
    return found
