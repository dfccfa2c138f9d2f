"""The import of subscribers: asynchronous, one at a time, without a job id.

Its status and log live in memory and are gone after a restart; what it has committed, every 10,000 rows,
stays. The answer to the upload is 200 even when the file turns out to be unusable.
"""

from __future__ import annotations

import csv
import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from reveil.sandbox import addresses
from reveil.sandbox.clock import Clock, log_time
from reveil.sandbox.options import Options
from reveil.sandbox.store import Store, ids, statements
from reveil.sandbox.wire import ApiError, Upload, canonical

COMMIT_EVERY = 10_000
"""Rows per transaction."""

_KNOWN = ("email", "name", "attributes")
_DEFAULT_STATUS = {"subscribe": "unconfirmed", "blocklist": "unsubscribed"}
csv.field_size_limit(10_000_000)


@dataclass(frozen=True)
class Status:
    """`status` is none, importing, stopping, finished or failed."""

    name: str = ""
    total: int = 0
    imported: int = 0
    status: str = "none"


@dataclass(frozen=True)
class _Job:
    mode: str
    status: str
    delimiter: str
    list_ids: list[int]
    overwrite: bool
    overwrite_status: bool


@dataclass(frozen=True)
class _Row:
    email: str
    name: str
    attribs: str


class _Unusable(Exception):
    """The file cannot be read on; the reason is a log line."""


class Importer:
    """The one import of a sandbox."""

    def __init__(self, store: Store, clock: Clock, options: Options) -> None:
        self._store = store
        self._clock = clock
        self._options = options
        self._lock = threading.Lock()
        self._status = Status()
        self._log: list[str] = []

    @property
    def status(self) -> Status:
        return self._status

    @property
    def log(self) -> str:
        return "".join(self._log)

    def begin(self, params: str, upload: Upload | None, is_lost: bool = False) -> Status:
        """Start in a thread of its own. ApiError 400 when one is running or the parameters are wrong. A lost one is
        forgotten at once, as if the server had been started anew."""
        with self._lock:
            if self._status.status in ("importing", "stopping"):
                running = "An import is already running. Wait for it to finish or stop it before trying again."
                raise ApiError(400, running)
            job = _job(params)
            if upload is None:
                raise ApiError(400, "Invalid file: http: no such file")
            content = _content(upload)
            self._log = []
            started = Status(name=upload.name, status="importing")
            self._status = Status() if is_lost else started
        if is_lost:
            return started
        threading.Thread(target=self._run, args=(job, content), daemon=True).start()
        return started

    def stop(self) -> Status:
        """A running import ends at its next commit; a finished one is forgotten."""
        with self._lock:
            running = self._status.status in ("importing", "stopping")
            self._status = replace(self._status, status="stopping") if running else Status()
            return self._status

    def _run(self, job: _Job, content: bytes) -> None:
        self._say(193, f"processing '{self._status.name}'")
        self._set(total=max(content.count(b"\n") - 1, 0))
        try:
            self._read(job, content.decode("utf-8-sig", errors="replace"))
        except _Unusable as reason:
            self._say(508, str(reason))
            self._set(status="failed")
        except BaseException:
            self._set(status="failed")
            raise
        else:
            self._say(358, "imported finished")
            self._set(status="finished")

    def _read(self, job: _Job, text: str) -> None:
        batch: list[_Row] = []
        for row in self._rows(job, text):
            batch.append(row)
            if len(batch) == COMMIT_EVERY:
                self._commit(job, batch)
                batch = []
                if self._status.status == "stopping":
                    self._say(530, "stop request received")
                    return
        self._options.wait_while_imports_are_held()
        self._commit(job, batch)

    def _rows(self, job: _Job, text: str) -> Iterator[_Row]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=job.delimiter, strict=True)
        columns: dict[str, int] | None = None
        number = -1  # the header has no number
        try:
            for number, cells in enumerate(filter(None, reader)):
                if columns is None:
                    columns = self._columns(cells)
                elif row := self._row(number, cells, columns):
                    yield row
        except csv.Error as error:
            raise _Unusable(f"error reading CSV: line {number + 1}: {error}") from None
        if columns is None:
            raise _Unusable("error reading header from 'upload.csv': EOF")

    def _columns(self, cells: list[str]) -> dict[str, int]:
        columns = {}
        for position, cell in enumerate(cells):
            name = cell.strip().lower()
            if name in _KNOWN:
                columns[name] = position
            else:
                self._say(705, f"ignoring unknown header '{name}'")
        if "email" not in columns:
            raise _Unusable("'email' column not found in 'upload.csv'")
        return columns

    def _row(self, number: int, cells: list[str], columns: Mapping[str, int]) -> _Row | None:
        if len(cells) <= max(columns.values()):
            counts = f"column count ({len(cells)}) does not match minimum header count ({len(columns)})"
            self._say(548, f"skipping line {number}. {counts}")
            return None
        email = addresses.sanitize(cells[columns["email"]])
        if email is None:
            self._say(564, f"skipping line {number}: Invalid email.: [{' '.join(cells)}]")
            return None
        name = cells[columns["name"]].strip() if "name" in columns else ""
        attributes = cells[columns["attributes"]] if "attributes" in columns else ""
        return _Row(email, name or addresses.name_from(email), self._attribs(number, email, attributes))

    def _attribs(self, number: int, email: str, text: str) -> str:
        """Attributes that cannot be read are left out; the row still counts."""
        if not text.strip():
            return "{}"
        try:
            value = json.loads(text)
            if isinstance(value, dict):
                return canonical(value)
            reason = "json: cannot unmarshal value into Go value of type models.JSON"
        except ValueError as error:
            reason = json_problem(text, error)
        self._say(575, f"skipping invalid attributes JSON on line {number} for '{email}': {reason}")
        return "{}"

    def _commit(self, job: _Job, batch: list[_Row]) -> None:
        """One transaction. Rows of one address collapse, the last wins; all of them count."""
        rows = {row.email: row for row in batch}
        with self._store.write() as connection:
            now = self._clock.now()
            connection.execute(statements("imports")["incoming_table"])
            connection.execute(statements("imports")["clear"])
            staged = [(n, str(uuid4()), row.email, row.name, row.attribs) for n, row in enumerate(rows.values())]
            connection.executemany(statements("imports")["stage"], staged)
            steps = ("upsert", "subscribe") if job.mode == "subscribe" else ("blocklist", "unsubscribe")
            values = {
                "now": now,
                "overwrite": job.overwrite,
                "overwrite_status": job.overwrite_status,
                "status": job.status,
                "lists": ids(job.list_ids),
            }
            for step in steps:
                connection.execute(statements("imports")[step], values)
            connection.execute(statements("lists")["touch"], values)
        self._set(imported=self._status.imported + len(batch))

    def _set(self, **changes: Any) -> None:
        with self._lock:
            self._status = replace(self._status, **changes)

    def _say(self, line: int, text: str) -> None:
        self._log.append(f"{log_time(self._clock.now())} importer.go:{line}: {text}\n")


def _job(params: str) -> _Job:
    try:
        given = json.loads(params)
    except ValueError as error:
        raise ApiError(400, f"Invalid params: {json_problem(params, error)}") from None
    if not isinstance(given, dict):
        raise ApiError(400, "Invalid params: json: cannot unmarshal value into Go value of type SessionOpt")
    mode = given.get("mode")
    if mode not in _DEFAULT_STATUS:
        raise ApiError(400, "Invalid mode")
    status = given.get("subscription_status") or _DEFAULT_STATUS[mode]
    if status not in ("unconfirmed", "confirmed", "unsubscribed"):
        raise ApiError(400, "Invalid subscription status")
    delimiter = given.get("delim")
    if not isinstance(delimiter, str) or len(delimiter.encode()) != 1:
        raise ApiError(400, "`delim` should be a single character")
    overwrite = bool(given.get("overwrite_userinfo")), bool(given.get("overwrite_subscription_status"))
    return _Job(mode, status, delimiter, list(given.get("lists") or []), *overwrite)


def _content(upload: Upload) -> bytes:
    """The CSV, out of its ZIP when its name does not end in .csv."""
    if upload.name.lower().endswith(".csv"):
        return upload.content
    try:
        with zipfile.ZipFile(io.BytesIO(upload.content)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if not names:
                raise ApiError(500, "Error processing ZIP file: no CSV files found in the ZIP")
            return archive.read(names[0])
    except zipfile.BadZipFile:
        raise ApiError(500, "Error processing ZIP file: zip: not a valid zip file") from None


def json_problem(text: str, error: ValueError) -> str:
    """What is wrong with a JSON text, in the words of the server's parser."""
    position = getattr(error, "pos", len(text))
    if position >= len(text):
        return "unexpected end of JSON input"
    place = "object key string" if "property name" in str(error) else "value"
    return f"invalid character '{text[position]}' looking for beginning of {place}"
