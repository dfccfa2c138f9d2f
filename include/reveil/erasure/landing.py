"""Takes the rows of erased people out of the landing files. What is left of a file is byte for byte what it was, and
the journal knows the new content as loaded, so that it is not loaded again.
"""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from reveil.addresses import normalise_address
from reveil.checkpoint import sync
from reveil.erasure.values import Values
from reveil.load.landing import LandingFile, find_files
from reveil.load.sources import Source, read_sources
from reveil.load.text_file import read_header
from reveil.settings import Settings
from reveil.warehouse import Warehouse, connect, sql, staged

_KEYS = ("contact_id", "email")


def sweep_landing(settings: Settings, values: Values) -> dict[str, int]:
    """Rows taken per file. Repeatable: a file without such a row is not touched."""
    sources = read_sources(settings.sources_file)
    taken = {}
    for file in find_files(settings.landing, sources):
        draft = file.path.with_name(f".{file.path.name}.new")
        rows = _filter(file, sources.by_table[file.table], values, draft)
        if rows:
            _replace(settings, file, draft)
            taken[file.name] = rows
        draft.unlink(missing_ok=True)
    return taken


def _filter(file: LandingFile, source: Source, values: Values, draft: Path) -> int:
    filtered = _filter_parquet if file.is_parquet else _filter_text
    return filtered(file, source, values, draft)


def _names(source: Source) -> dict[str, str]:
    """Our column → the file's, in lower case."""
    mapped = {ours: theirs.strip().lower() for theirs, ours in source.columns.items()}
    return {ours: mapped.get(ours, ours) for ours in _KEYS}


def _filter_text(file: LandingFile, source: Source, values: Values, draft: Path) -> int:
    header = read_header(file, source)
    names = _names(source)
    places = {ours: header.names.index(theirs) for ours, theirs in names.items() if theirs in header.names}
    taken = 0
    with _reading(file, source) as reading, _writing(file, source, draft) as writing:
        for number, (text, cells) in enumerate(_records(reading, source)):
            if number > header.leading and _is_of(cells, places, values):
                taken += 1
            else:
                writing.write(text)
    return taken


def _is_of(cells: list[str], places: dict[str, int], values: Values) -> bool:
    contact, email = (
        cells[places[name]].strip() if name in places and places[name] < len(cells) else "" for name in _KEYS
    )
    if contact in values.ids:
        return True
    if not email:
        return False
    return email.lower() in values.addresses or (normalise_address(email) or "") in values.addresses


def _records(lines: IO[str], source: Source) -> Iterator[tuple[str, list[str]]]:
    """Each record's own text and its cells."""
    consumed: list[str] = []

    def noting() -> Iterator[str]:
        for line in lines:
            consumed.append(line)
            yield line

    if source.quote:
        reader = csv.reader(noting(), delimiter=source.delimiter, quotechar=source.quote)
    else:
        reader = csv.reader(noting(), delimiter=source.delimiter, quoting=csv.QUOTE_NONE)
    for cells in reader:
        yield "".join(consumed), cells
        consumed.clear()


@contextmanager
def _reading(file: LandingFile, source: Source) -> Iterator[IO[str]]:
    with file.path.open("rb") as raw:
        plain: IO[bytes] = gzip.GzipFile(fileobj=raw) if file.is_gzip else raw  # type: ignore[assignment]
        with io.TextIOWrapper(plain, encoding=source.encoding, errors="surrogateescape", newline="") as text:
            yield text


@contextmanager
def _writing(file: LandingFile, source: Source, draft: Path) -> Iterator[IO[str]]:
    """The same content makes the same bytes, packed or not."""
    with draft.open("wb") as raw:
        plain: IO[bytes] = raw
        if file.is_gzip:
            plain = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)  # type: ignore[assignment]
        with io.TextIOWrapper(plain, encoding=source.encoding, errors="surrogateescape", newline="") as text:
            yield text


def _filter_parquet(file: LandingFile, source: Source, values: Values, draft: Path) -> int:
    path = glob.escape(str(file.path))
    with connect(None) as connection:
        described = connection.execute("describe select * from read_parquet($file)", {"file": path}).fetchall()
        columns = {row[0].strip().lower(): '"' + row[0].replace('"', '""') + '"' for row in described}
        names = {ours: columns[theirs] for ours, theirs in _names(source).items() if theirs in columns}
        wanted = [("contact_id", one) for one in values.ids] + [("email", one) for one in values.addresses]
        conditions = [
            f"coalesce(lower(trim({name}::varchar)) in (select lower(value) from gone where kind = '{ours}'), false)"
            if ours == "email"
            else f"coalesce({name}::varchar in (select value from gone where kind = '{ours}'), false)"
            for ours, name in names.items()
        ]
        if not conditions:
            return 0
        condition = " or ".join(conditions)
        with staged(connection, "gone", ("kind", "value"), wanted):
            query = f"select count(*) from read_parquet($file) where {condition}"
            taken = int(connection.execute(query, {"file": path}).fetchall()[0][0])
            if taken:
                target = str(draft).replace("'", "''")
                connection.execute(
                    f"copy (select * from read_parquet('{path.replace(chr(39), chr(39) * 2)}') where not ({condition}))"
                    f" to '{target}' (format parquet)"
                )
    return taken


def _replace(settings: Settings, file: LandingFile, draft: Path) -> None:
    """First the journal knows the new content, then the file has it: a kill in between repeats both."""
    with draft.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    shutil.copystat(file.path, draft)
    sync(draft)
    with Warehouse(settings).write("erase: landing") as connection:
        known = {"table": file.table, "old": file.digest, "new": digest}
        connection.execute(sql("erase_landing"), known)
    os.replace(draft, file.path)  # noqa: PTH105
    sync(file.path.parent)
