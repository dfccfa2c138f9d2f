"""Checks the rules that are tables (dbt_project/seeds) before a model reads them.

Pure: a file in, what it says out. Whatever is wrong names the file and the line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from reveil.errors import BadInput

EVERY = "*"
KINDS = (EVERY, "customer", "prospect")
SIGNALS = ("sign_up", "open", "click", "purchase", "login")

_THRESHOLD_COLUMNS = ("business_line", "contact_kind", "signal", "dormant_after_days", "lost_after_days")
_RETENTION_COLUMNS = ("business_line", "months", "hard_cap_months", "account_months")

Row = Mapping[str, str]


def business_lines(file: Path) -> frozenset[str]:
    """The business lines that status_thresholds.csv names, `*` apart.

    Raises BadInput on the first row that is missing something, negative, doubled or lost before
    dormant, and for a line without a sign_up threshold for every kind of contact.
    """
    seen: dict[tuple[str, str, str], int] = {}
    for number, row in _rows(file, _THRESHOLD_COLUMNS):
        _check_threshold(file, number, row)
        key = (row["business_line"], row["contact_kind"], row["signal"])
        if key in seen:
            raise BadInput(f"{file}, line {number}: same line, kind and signal as line {seen[key]}; keep one")
        seen[key] = number
    lines = {line for line, _, _ in seen if line != EVERY}
    for line in sorted(lines):
        if not {(line, EVERY, "sign_up"), (EVERY, EVERY, "sign_up")} & seen.keys():
            raise BadInput(f"{file}: {line} has no sign_up row for every kind; add `{line},*,sign_up,…` or one for `*`")
    return frozenset(lines)


def shortest_covers(file: Path) -> dict[str, int]:
    """The shortest dormant_after_days of each signal in status_thresholds.csv, 1 where a signal has no row.

    Raises BadInput like `business_lines`.
    """
    business_lines(file)
    days: dict[str, list[int]] = {signal: [] for signal in SIGNALS}
    for _, row in _rows(file, _THRESHOLD_COLUMNS):
        days[row["signal"]].append(int(row["dormant_after_days"]))
    return {signal: min(found, default=1) for signal, found in days.items()}


def check_retention(file: Path) -> None:
    """Raise BadInput unless every period of retention_periods.csv is between 1 month and its cap, that of accounts
    shorter or empty, and a row for `*` serves the lines that have none."""
    seen: dict[str, int] = {}
    for number, row in _rows(file, _RETENTION_COLUMNS, may_be_empty=("account_months",)):
        months = _whole(file, number, row, "months")
        cap = _whole(file, number, row, "hard_cap_months")
        if not 1 <= months <= cap:
            raise BadInput(f"{file}, line {number}: months: must be from 1 to hard_cap_months ({cap})")
        if row["account_months"] and not 1 <= _whole(file, number, row, "account_months") < months:
            raise BadInput(
                f"{file}, line {number}: account_months: must be at least 1 and below months ({months}), or empty"
            )
        if row["business_line"] in seen:
            raise BadInput(f"{file}, line {number}: same business line as line {seen[row['business_line']]}; keep one")
        seen[row["business_line"]] = number
    if EVERY not in seen:
        raise BadInput(f"{file}: no row for `{EVERY}`; add the period of all lines without one of their own")


def _check_threshold(file: Path, number: int, row: Row) -> None:
    if row["contact_kind"] not in KINDS:
        raise BadInput(f"{file}, line {number}: contact_kind: must be one of {', '.join(KINDS)}")
    if row["signal"] not in SIGNALS:
        raise BadInput(f"{file}, line {number}: signal: must be one of {', '.join(SIGNALS)}")
    dormant = _whole(file, number, row, "dormant_after_days")
    lost = _whole(file, number, row, "lost_after_days")
    if dormant < 1:
        raise BadInput(f"{file}, line {number}: dormant_after_days: must be at least 1")
    if lost < dormant:
        raise BadInput(f"{file}, line {number}: lost_after_days: must not be below dormant_after_days ({dormant})")


def _rows(file: Path, columns: tuple[str, ...], may_be_empty: tuple[str, ...] = ()) -> Iterator[tuple[int, Row]]:
    """Line number and cells of every row, none of them empty but where they may be."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{file}: missing; restore it") from None
    reader = csv.DictReader(text.splitlines())
    if tuple(reader.fieldnames or ()) != columns:
        raise BadInput(f"{file}, line 1: the columns must be {','.join(columns)}")
    for row in reader:
        for column in columns:
            if row[column] is None or (not row[column].strip() and column not in may_be_empty):
                raise BadInput(f"{file}, line {reader.line_num}: {column}: missing")
        if None in row:
            raise BadInput(f"{file}, line {reader.line_num}: more cells than columns")
        yield reader.line_num, row


def _whole(file: Path, number: int, row: Row, column: str) -> int:
    try:
        return int(row[column])
    except ValueError:
        raise BadInput(f"{file}, line {number}: {column}: must be a whole number") from None
