"""Putting subscribers on a list by listmonk's import: one at a time for the whole server, kept in memory, no job id.

An import replaces what a subscriber has or leaves it; it never merges. So whoever is known there already is left as
they are, and gets our key among their attributes by a second import of what was just read, a page at a time: a change
that somebody else makes to one of them within that second is lost, and nothing else.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from reveil.esp.base import EspRejected, EspUnavailable, Recipient
from reveil.esp.listmonk.api import Api

_CHUNK = 50_000
_WITHOUT_OUR_KEY = "subscribers.attribs->'reveil'->>'contact_id' IS NULL AND subscribers.id > {after}"


class _Row(NamedTuple):
    email: str
    name: str
    attributes: dict[str, Any]


class Importer:
    """`wait_seconds` bounds how long one import is waited for, by `clock` and `sleep`."""

    def __init__(
        self,
        api: Api,
        poll_seconds: float,
        wait_seconds: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._api = api
        self._poll_seconds = poll_seconds
        self._import_wait_seconds = wait_seconds
        self._clock = clock
        self._sleep = sleep

    def put_on(self, list_id: str, recipients: Iterable[Recipient]) -> int:
        """How many rows the server took. Repeatable. Raises EspRejected, EspUnavailable."""
        accepted = 0
        rows = iter(recipients)
        while chunk := list(itertools.islice(rows, _CHUNK)):
            accepted += self._import(list_id, _csv([_Row(one.address, one.name, _ours(one)) for one in chunk]))
            self._introduce(list_id, {one.address: one for one in chunk if one.contact_id})
        return accepted

    def _introduce(self, list_id: str, recipients: Mapping[str, Recipient]) -> None:
        """Give our key to those on the list who were known before us; all else that they have stays."""
        after = 0
        while recipients:
            query = _WITHOUT_OUR_KEY.format(after=after)
            found = self._api.get(
                "/api/subscribers",
                list_id=list_id,
                query=query,
                order_by="id",
                order="asc",
                page=1,
                per_page=self._api.page_size,
            )["results"]
            if not found:
                return
            after = found[-1]["id"]
            known = [
                _Row(row["email"], row["name"], {**row["attribs"], **_ours(recipients[row["email"]])})
                for row in found
                if row["email"] in recipients
            ]
            if known:
                self._import(list_id, _csv(known), overwrite=True)

    def _import(self, list_id: str, content: bytes, overwrite: bool = False) -> int:
        name = f"reveil-{list_id}-{sha256(content).hexdigest()[:16]}.csv"
        deadline = self._clock() + self._import_wait_seconds
        while self._clock() < deadline:
            self._wait(deadline)
            if not self._start(list_id, name, content, overwrite):
                self._sleep(self._poll_seconds)  # somebody else's import came first
                continue
            status = self._wait(deadline)
            if status["name"] == name and status["status"] == "finished":
                return int(status["imported"])
            if status["name"] == name and status["status"] == "failed":
                raise EspRejected(f"import into list {list_id}: failed; see listmonk's import log")
            # none, or another's: ours was lost in a restart, or its end was not seen; it is repeatable
        raise EspUnavailable(f"import into list {list_id}: not finished in {self._import_wait_seconds:g} s")

    def _start(self, list_id: str, name: str, content: bytes, overwrite: bool) -> bool:
        params = {
            "mode": "subscribe",
            "subscription_status": "confirmed",
            "delim": ",",
            "lists": [int(list_id)],
            "overwrite_userinfo": overwrite,
            "overwrite_subscription_status": False,
        }
        files = {"params": (None, json.dumps(params)), "file": (name, content, "text/csv")}
        try:
            self._api.http.call("POST", "/api/import/subscribers", repeatable=True, files=files)
        except EspRejected as error:
            if error.status == 400:
                return False
            raise
        return True

    def _wait(self, deadline: float) -> dict[str, Any]:
        while True:
            status: dict[str, Any] = self._api.get("/api/import/subscribers")
            if status["status"] not in ("importing", "stopping"):
                return status
            if self._clock() >= deadline:
                raise EspUnavailable(f"an import is still running after {self._import_wait_seconds:g} s")
            self._sleep(self._poll_seconds)


def _ours(recipient: Recipient) -> dict[str, Any]:
    return {"reveil": {"contact_id": recipient.contact_id}}


def _csv(rows: Sequence[_Row]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(_Row._fields)
    writer.writerows((row.email, row.name, json.dumps(row.attributes)) for row in rows)
    return buffer.getvalue().encode()
