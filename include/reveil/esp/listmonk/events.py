"""What listmonk tells of its recipients: bounces, unsubscribes, blocklist, opens and clicks, as events.

Per-contact opens and clicks exist only where listmonk's individual tracking is on. listmonk marks no machine
opens, so its opens are `unknown`; for clicks it does not look who it was. It has no "delivered" event.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from reveil.esp.base import Event, EventKind, Feed
from reveil.esp.listmonk.api import Api, instant

_OVERLAP = timedelta(minutes=10)
"""Re-read before each cursor: rows may be committed a little later than they are dated."""
_LISTS_AT_ONCE = 100
_BOUNCES: dict[str, EventKind] = {"hard": "bounced_hard", "soft": "bounced_soft", "complaint": "complained"}


class Events:
    def __init__(self, api: Api) -> None:
        self._api = api

    def feeds(self, cursors: dict[str, str]) -> Iterator[Feed]:
        yield Feed("bounces", self._bounces(cursors.get("bounces")))
        yield Feed("unsubscribes", self._unsubscribes())
        yield Feed("blocklist", self._blocklist(cursors.get("blocklist")))
        yield Feed("views", self._analytics("views", "opened", cursors.get("views")))
        yield Feed("clicks", self._analytics("clicks", "clicked", cursors.get("clicks")))

    def _analytics(self, path: str, kind: EventKind, cursor: str | None) -> Iterator[Event]:
        params = {"since": _since(cursor)}
        response = self._api.http.call(
            "GET", f"/api/maintenance/analytics/{path}/export", repeatable=True, params=params, stream=True
        )
        response.encoding = "utf-8"
        with response:
            for row in csv.DictReader(response.iter_lines(decode_unicode=True)):
                if row["subscriber_id"] == "0":
                    continue  # the subscriber was erased there; nobody is left to know about
                url = row.get("url")
                marks = [path, row["campaign_id"], row["subscriber_id"], row["created_at"], _digest(url or "")]
                yield Event(
                    ":".join(marks), row["subscriber_id"], row["campaign_name"], kind,
                    instant(row["created_at"]), "unknown" if kind == "opened" else None, url, row["email"],
                )  # fmt: skip

    def _bounces(self, cursor: str | None) -> Iterator[Event]:
        """Newest first, until what an earlier gathering has read."""
        known = instant(cursor) - _OVERLAP if cursor else datetime.min
        for row in self._api.pages("/api/bounces", order_by="created_at", order="desc"):
            occurred_at = instant(row["created_at"])
            if occurred_at < known:
                return
            source = (row.get("campaign") or {}).get("name") or ""
            yield Event(
                f"bounce:{row['id']}", str(row["subscriber_id"]), source, _BOUNCES[row["type"]],
                occurred_at, None, None, row["email"],
            )  # fmt: skip

    def _unsubscribes(self) -> Iterator[Event]:
        """Who left any list. They are read whole each time: an unsubscribe moves no clock that one could
        ask by without naming its list. Every batch that ever left has a list, so many are asked about at once."""
        names = {one["id"]: one["name"] for one in self._api.lists()}
        for list_ids in _batches(list(names), _LISTS_AT_ONCE):
            rows = self._api.pages("/api/subscribers", list_id=list_ids, subscription_status="unsubscribed")
            for row in rows:
                for left in row["lists"]:
                    if left["id"] not in list_ids or left["subscription_status"] != "unsubscribed":
                        continue
                    yield Event(
                        f"unsubscribe:{left['id']}:{row['id']}", str(row["id"]), names[left["id"]], "unsubscribed",
                        instant(left["subscription_updated_at"]), None, None, row["email"],
                    )  # fmt: skip

    def _blocklist(self, cursor: str | None) -> Iterator[Event]:
        query = f"subscribers.updated_at > '{_since(cursor)}' AND subscribers.status='blocklisted'"
        for row in self._api.pages("/api/subscribers", query=query, order_by="updated_at", order="asc"):
            yield Event(
                f"blocklist:{row['id']}", str(row["id"]), "", "unsubscribed",
                instant(row["updated_at"]), None, None, row["email"],
            )  # fmt: skip


def _batches(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _since(cursor: str | None) -> str:
    start = instant(cursor) - _OVERLAP if cursor else datetime(1970, 1, 1)
    return start.strftime("%Y-%m-%dT%H:%M:%SZ")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
