"""One landing file → a temporary table of text cells under our column names, each row with its line."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from reveil.errors import BadInput
from reveil.load.landing import LandingFile
from reveil.load.sources import Source
from reveil.load.text_file import Header, Lines, count_lines, lines_at, read_header
from reveil.raw_tables import BY_NAME, RawTable
from reveil.warehouse import sql

_HOPELESS = 10
"""From so many unreadable rows on and not one good one, the file is wrong, not its rows."""


@dataclass(frozen=True)
class Cells:
    """`relation` can be selected from: the columns of `columns` as VARCHAR and `line` (from 1; of a
    Parquet file the row number). `bad_rows` are (line, reason) of rows that are no rows."""

    relation: str
    columns: tuple[str, ...]
    bad_rows: tuple[tuple[int, str], ...] = ()
    ignored: tuple[str, ...] = ()
    native: frozenset[str] = frozenset()
    """Columns that a Parquet file holds as numbers, instants or flags: no text format applies to them."""


@contextmanager
def blaming(file: LandingFile) -> Iterator[None]:
    """Turns DuckDB's errors about a file into BadInput, without DuckDB's words: they may quote cells."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise BadInput(f"{file.path}: does not fit; raise `memory_limit` in settings.yml") from None
    except duckdb.Error as error:
        raise BadInput(
            f"{file.path}: is damaged or not what its name says ({type(error).__name__}); export it again; of a "
            f"CSV file check the line endings, and `delimiter`, `quote`, `encoding`, `datetime_format` of {file.table} "
            "in sources.yml"
        ) from None


def read_file(connection: duckdb.DuckDBPyConnection, file: LandingFile, source: Source, name: str) -> Cells:
    """Raises BadInput when the file breaks off, lacks a column, or holds lines that are lost."""
    read = _read_parquet if file.is_parquet else _read_csv
    return read(connection, file, source, name)


def _read_parquet(connection: duckdb.DuckDBPyConnection, file: LandingFile, source: Source, name: str) -> Cells:
    path = glob.escape(str(file.path))
    described = connection.execute("describe select * from read_parquet($file)", {"file": path}).fetchall()
    types = {row[0].strip().lower(): (row[0], row[1]) for row in described}
    names = [row[0].strip().lower() for row in described]
    chosen = _choose(names, file, source)
    cells = [f"{_as_text(*types[theirs])} as {ours}" for ours, theirs in chosen.items()]
    statement = sql("load_read_parquet").format(source=name, cells=", ".join(cells))
    connection.execute(statement, {"file": path})
    native = frozenset(ours for ours, theirs in chosen.items() if types[theirs][1] != "VARCHAR")
    return Cells(name, tuple(chosen), ignored=_ignored(names, chosen), native=native)


def _as_text(column: str, kind: str) -> str:
    quoted = '"' + column.replace('"', '""') + '"'
    return f"without_fraction({quoted})" if kind in ("DOUBLE", "FLOAT") else f"{quoted}::varchar"


def _read_csv(connection: duckdb.DuckDBPyConnection, file: LandingFile, source: Source, name: str) -> Cells:
    header = read_header(file, source)
    chosen = _choose(header.names, file, source)
    lines = count_lines(file, source)
    _scan(connection, file, source, header, chosen, name)
    bad = connection.execute(sql("load_bad_rows")).fetchall()
    connection.execute("drop table load_bad_rows; drop table load_scans")
    at = lines_at(file, source, [row[0] for row in bad])
    _refuse_losses(connection, file, header, lines, bad, at, name)
    relation = _with_lines(connection, name, header, lines, at, [row[1] for row in bad])
    reasons = ("bad_encoding" if row[2] else "malformed_row" for row in bad)
    bad_rows = tuple(zip(at, reasons, strict=True))
    return Cells(relation, tuple(chosen), bad_rows, _ignored(header.names, chosen))


def _scan(
    connection: duckdb.DuckDBPyConnection,
    file: LandingFile,
    source: Source,
    header: Header,
    chosen: Mapping[str, str],
    name: str,
) -> None:
    places = [f"c{n}" for n in range(len(header.names))]
    cells = [f"c{header.names.index(theirs)} as {ours}" for ours, theirs in chosen.items()]
    statement = sql("load_read_csv").format(
        source=name,
        cells=", ".join(cells),
        all_cells=", ".join(places),
        columns="{" + ", ".join(f"'{place}': 'VARCHAR'" for place in places) + "}",
    )
    options = {
        "file": glob.escape(str(file.path)),
        "delimiter": source.delimiter,
        "quote": source.quote,
        "encoding": source.encoding,
        "compression": "gzip" if file.is_gzip else "none",
        "skip": header.leading,
    }
    connection.execute(statement, options)


def _refuse_losses(
    connection: duckdb.DuckDBPyConnection,
    file: LandingFile,
    header: Header,
    lines: Lines,
    bad: Sequence[tuple[int, int, bool, bool]],
    at: Sequence[int],
    name: str,
) -> None:
    """Rows read and rows set aside must fill all lines of the file: DuckDB may drop the rest of a
    file after an open quote without a word."""
    rows, spans = connection.execute(f"select count(*), coalesce(sum(span), 0) from {name}").fetchall()[0]
    known = header.lines + spans + sum(row[1] for row in bad)
    last = bad[-1] if bad else (0, 0, False, False)
    runs_on = last[3] and last[1] > 1 and at[-1] + last[1] > lines.filled
    if known != lines.filled or runs_on:
        lost = abs(lines.filled - known) + (last[1] if runs_on else 0)
        hint = f" (look at line {at[-1]})" if runs_on else ""
        raise BadInput(
            f"{file.path}: {lost} of its {lines.filled} lines cannot be told apart as rows: a quote opens "
            f"and never closes{hint}, or line endings are mixed; export it again, or set `quote` of "
            f"{file.table} in sources.yml"
        )
    if len(bad) >= _HOPELESS and not rows:
        raise BadInput(
            f"{file.path}, line {at[0]}: no line has the {len(header.names)} columns of the header; check "
            f"`delimiter`, `quote` and `encoding` of {file.table} in sources.yml"
        )


def _with_lines(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    header: Header,
    lines: Lines,
    at: Sequence[int],
    spans: Sequence[int],
) -> str:
    """A relation with the line of each row: counted where every row is one line, else worked out."""
    rows = connection.execute(f"select count(*) from {name}").fetchall()[0][0]
    if not lines.blank and rows + header.lines == lines.filled:
        return f"(select *, rowid + {header.lines + 1} as line from {name})"
    connection.execute(sql("load_blank_lines"), {"lines": list(lines.blank)})
    gaps = {"lines": list(at), "spans": list(spans), "header_lines": header.lines}
    connection.execute(sql("load_gaps"), gaps)
    statement = sql("load_lines").format(source=name, lines=f"{name}_lines")
    connection.execute(statement, {"header_lines": header.lines})
    same_row = "cells.rowid = lines.ordinal"
    return f"(select cells.*, lines.line from {name} as cells join {name}_lines as lines on {same_row})"


def _choose(names: Sequence[str], file: LandingFile, source: Source) -> dict[str, str]:
    """Our column → the file's (in lower case). Raises BadInput for a column that is missing or ambiguous."""
    table = BY_NAME[file.table]
    mapped = {ours: theirs.strip().lower() for theirs, ours in source.columns.items()}
    chosen: dict[str, str] = {}
    for column in table.column_names:
        theirs = mapped.get(column, column)
        if column in source.constants:
            continue
        if theirs in names:
            chosen[column] = theirs
        elif column in mapped:
            raise _missing(file, f"`{theirs}`, which sources.yml maps to `{column}`")
    _require(table, chosen, file, source)
    for theirs in chosen.values():
        if list(names).count(theirs) > 1:
            raise BadInput(f"{file.path}, line 1: the column `{theirs}` stands there twice; keep one")
    return chosen


def _require(table: RawTable, chosen: Mapping[str, str], file: LandingFile, source: Source) -> None:
    for column in table.columns:
        if column.must_exist and column.name not in chosen and column.name not in source.constants:
            raise _missing(file, f"`{column.name}`")


def _missing(file: LandingFile, column: str) -> BadInput:
    return BadInput(
        f"{file.path}, line 1: the column {column} is missing; add it to the export, or map the column that "
        f"holds it under `tables: {file.table}: columns:` in sources.yml (is `delimiter` right?)"
    )


def _ignored(names: Sequence[str], chosen: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in chosen.values())
