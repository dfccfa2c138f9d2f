"""What DuckDB's CSV reader does not tell: is the file whole, where are its lines, what is its header.

Everything here streams bytes in chunks. DuckDB counts records, skips blank lines and gives no
line to a good row; and after an open quote it may drop the rest of a file in silence. So the
lines are counted here, and what DuckDB read is held against that count.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reveil.errors import BadInput
from reveil.load.landing import LandingFile
from reveil.load.sources import Source

_CHUNK = 1 << 20
_HEADER_LIMIT = 1 << 20
"""Characters: a header longer than this is an open quote."""


@dataclass(frozen=True)
class Header:
    """`names` in lower case without spaces around; `leading` blank lines before it; `lines` that it
    spans itself, blank ones not counted."""

    names: tuple[str, ...]
    leading: int
    lines: int


@dataclass(frozen=True)
class Lines:
    """The physical lines of a file: how many are not blank, and the numbers (from 1) of the blank ones."""

    filled: int
    blank: tuple[int, ...]


def read_header(file: LandingFile, source: Source) -> Header:
    """Raises BadInput where there is no header, or none of at least two columns."""
    try:
        with _open(file) as stream:
            codec = _exact_codec(source, stream.peek(2)[:2])
            text = io.TextIOWrapper(stream, encoding=codec, errors="replace", newline="")
            return _header(text, file, source)
    except (EOFError, zlib.error, OSError):
        raise _damaged(file) from None


def _header(text: io.TextIOWrapper, file: LandingFile, source: Source) -> Header:
    leading, taken = 0, []
    for line in text:
        if line.strip("\r\n\ufeff"):
            taken.append(line)
            break
        leading += 1
    if not taken:
        raise BadInput(f"{file.path}: is empty, without even a header line; export it again")
    names = _cells(text, taken, file, source)
    if len(names) < 2:
        raise BadInput(
            f"{file.path}, line {leading + 1}: has one column only; set `delimiter` of {file.table} in sources.yml"
        )
    filled = sum(1 for line in taken if line.strip("\r\n"))
    return Header(tuple(name.strip("\ufeff \t").strip().lower() for name in names), leading, filled)


def _cells(text: io.TextIOWrapper, taken: list[str], file: LandingFile, source: Source) -> list[str]:
    def lines() -> Iterator[str]:
        yield taken[0].lstrip("\ufeff")
        for line in text:
            taken.append(line)
            yield line
            if sum(map(len, taken)) > _HEADER_LIMIT:
                return

    reader = csv.reader(
        lines(),
        delimiter=source.delimiter,
        quotechar=source.quote or None,
        quoting=csv.QUOTE_MINIMAL if source.quote else csv.QUOTE_NONE,
    )
    try:
        return next(reader)
    except (csv.Error, StopIteration):
        raise BadInput(
            f"{file.path}, line 1: the header cannot be read; check its quotes and `delimiter`, `quote` of "
            f"{file.table} in sources.yml"
        ) from None


def count_lines(file: LandingFile, source: Source) -> Lines:
    """Reads the file to its end. Raises BadInput when it breaks off or its gzip checksum is wrong."""
    filled, number, blank, rest = 0, 0, list[int](), b""
    for n, chunk in enumerate(_utf8_chunks(file, source)):
        if n == 0:
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
        head, newline, rest_of_chunk = (rest + chunk).rpartition(b"\n")
        rest = rest_of_chunk
        if not newline:
            continue
        found = _blank_among(head, number)
        lines = head.count(b"\n") + 1
        blank += found
        filled += lines - len(found)
        number += lines
    if rest.strip(b"\r"):
        filled += 1
    return Lines(filled, tuple(blank))


def _blank_among(lines: bytes, before: int) -> list[int]:
    """The numbers of the blank lines among whole `lines` that stand after `before` others."""
    may_hold = (
        b"\n\n" in lines
        or b"\n\r\n" in lines
        or lines.startswith((b"\n", b"\r\n"))
        or lines.endswith((b"\n", b"\n\r"))
        or lines in (b"", b"\r")
    )
    if not may_hold:
        return []
    return [before + n for n, line in enumerate(lines.split(b"\n"), start=1) if line in (b"", b"\r")]


def lines_at(file: LandingFile, source: Source, offsets: Sequence[int]) -> list[int]:
    """The line numbers (from 1) of byte `offsets` (from 0, ascending, in the file's text as UTF-8)."""
    found: list[int] = []
    position, number = 0, 1
    for chunk in _utf8_chunks(file, source):
        first, last = len(found), bisect_left(offsets, position + len(chunk))
        cuts = [0, *(offset - position for offset in offsets[first:last])]
        for start, end in pairwise(cuts):
            number += chunk.count(b"\n", start, end)
            found.append(number)
        number += chunk.count(b"\n", cuts[-1])
        position += len(chunk)
    return found + [number] * (len(offsets) - len(found))


def _utf8_chunks(file: LandingFile, source: Source) -> Iterator[bytes]:
    """The bytes as DuckDB counts them: transcoded to UTF-8, a byte order mark kept."""
    try:
        with _open(file) as stream:
            if source.encoding == "utf-8":
                yield from iter(lambda: stream.read(_CHUNK), b"")
            else:
                yield from _transcoded(stream, source)
    except UnicodeError:
        raise BadInput(
            f"{file.path}: is not {source.encoding} text throughout; set `encoding` of {file.table} in sources.yml"
        ) from None
    except (EOFError, zlib.error, OSError):
        raise _damaged(file) from None


def _transcoded(stream: gzip.GzipFile | io.BufferedReader, source: Source) -> Iterator[bytes]:
    first = stream.read(2)
    decoder = codecs.getincrementaldecoder(_exact_codec(source, first))()
    yield decoder.decode(first).encode()
    while chunk := stream.read(_CHUNK):
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def _exact_codec(source: Source, first: bytes) -> str:
    """The codec that keeps a byte order mark, as DuckDB does when it counts bytes."""
    if source.encoding != "utf-16":
        return source.encoding
    return "utf-16-be" if first == codecs.BOM_UTF16_BE else "utf-16-le"


def _open(file: LandingFile) -> gzip.GzipFile | io.BufferedReader:
    if file.is_gzip:
        return gzip.GzipFile(file.path, "rb")
    return file.path.open("rb")


def _damaged(file: LandingFile) -> BadInput:
    what = "is not a whole gzip file (cut off or damaged)" if file.is_gzip else "cannot be read to its end"
    return BadInput(f"{file.path}: {what}; export or copy it again")
