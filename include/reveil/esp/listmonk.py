"""The listmonk adapter: https://listmonk.app, and the sandbox, which speaks the same API.

Per-contact opens and clicks exist only where listmonk's individual tracking is on. listmonk marks no machine
opens, so its opens are `unknown`; for clicks it does not look who it was. It has no "delivered" event.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast

from reveil.esp.base import (
    CampaignStatus,
    EspCampaign,
    EspDenied,
    EspRejected,
    EspUnavailable,
    Event,
    EventKind,
    Feed,
    Member,
    Message,
    Recipient,
    Subscriber,
    UploadResult,
)
from reveil.esp.http import HttpSession

_IMPORT_CHUNK = 50_000
_IDS_PER_CALL = 1_000
_IN_A_QUERY = 100
"""Ids or addresses in one URL."""
_OVERLAP = timedelta(minutes=10)
"""Re-read before each cursor: rows may be committed a little later than they are dated."""
_BOUNCES: dict[str, EventKind] = {"hard": "bounced_hard", "soft": "bounced_soft", "complaint": "complained"}
_KEPT_WHEN_CHANGED = (
    "name", "subject", "from_email", "type", "content_type", "messenger", "body", "altbody", "tags", "headers",
    "template_id",
)  # fmt: skip
_PLACEHOLDER = re.compile(r"\{\{\s*(first_name|unsubscribe_url|link\s+([a-z0-9_]+))\s*\}\}")


class Listmonk:
    """One listmonk. `clock` and `sleep` bound how long an import is waited for."""

    def __init__(
        self,
        http: HttpSession,
        name: str = "listmonk",
        page_size: int = 1000,
        poll_seconds: float = 0.5,
        import_wait_seconds: float = 3600,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http
        self._name = name
        self._page_size = page_size
        self._poll_seconds = poll_seconds
        self._import_wait_seconds = import_wait_seconds
        self._clock = clock
        self._sleep = sleep

    @property
    def name(self) -> str:
        return self._name

    def clock(self) -> datetime | None:
        return self.sandbox_clock() if self._name == "sandbox" else None

    def check(self) -> Sequence[str]:
        self._get("/api/health")
        lists = self._lists()
        newest = self._get("/api/subscribers", page=1, per_page=1, order_by="updated_at", order="desc")
        sentences = [f"listmonk answers and accepts our credentials; {len(lists)} lists"]
        sentences.append(f"{sum('reveil' in one['tags'] for one in lists)} of the lists are ours")
        sentences.append(f"{newest['total']} subscribers can be read, with attributes; ours stand under the key reveil")
        if self._name == "sandbox":
            sentences.append(f"it is the sandbox; its clock shows {self.sandbox_clock():%Y-%m-%d %H:%M}")
        return sentences

    def sandbox_clock(self) -> datetime:
        """The sandbox's clock, naive UTC. EspDenied when what answers is not the sandbox: the word "sandbox" in
        the settings lifts every guard, so it must not be taken on trust."""
        try:
            response = self._http.call("GET", "/sandbox/clock", repeatable=True)
            return _instant(response.json()["data"]["now"])
        except (EspRejected, KeyError, TypeError, ValueError):
            raise EspDenied("the provider is set to sandbox, but a real one answers; set provider: listmonk") from None

    def move_sandbox_clock(self, instant: datetime) -> datetime:
        """Move the sandbox's clock on to `instant`, unless it is there already; what it shows then."""
        now = self.sandbox_clock()
        if instant <= now:
            return now
        body = {"now": instant.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self._http.call("PUT", "/sandbox/clock", repeatable=True, json=body)
        return instant

    # lists

    def find_list(self, name: str) -> str | None:
        found = [one["id"] for one in self._lists() if one["name"] == name]
        return str(min(found)) if found else None

    def create_list(self, name: str) -> str:
        body = {"name": name, "type": "private", "optin": "single", "tags": ["reveil"]}
        return str(self._send("POST", "/api/lists", body)["id"])

    def upload(self, list_id: str, recipients: Iterable[Recipient]) -> UploadResult:
        accepted = 0
        rows = iter(recipients)
        while chunk := list(itertools.islice(rows, _IMPORT_CHUNK)):
            accepted += self._import(list_id, _csv(chunk))
        return UploadResult(accepted)

    def members(self, list_id: str, since: datetime | None = None) -> Iterator[Member]:
        changed = {"query": f"subscribers.updated_at >= '{since.isoformat()}Z'"} if since else {}
        for row in self._pages("/api/subscribers", list_id=list_id, order_by="id", order="asc", **changed):
            yield _member(row, int(list_id))

    def newest_change(self) -> datetime:
        rows = self._get("/api/subscribers", page=1, per_page=1, order_by="updated_at", order="desc")["results"]
        return _instant(rows[0]["updated_at"]) if rows else datetime(1970, 1, 1)

    def remove_members(self, list_id: str, esp_ids: Sequence[str]) -> None:
        for ids in _chunks(esp_ids):
            body = {"ids": ids, "action": "remove", "target_list_ids": [int(list_id)]}
            self._send("PUT", "/api/subscribers/lists", body, repeatable=True)

    def suppress(self, esp_ids: Sequence[str]) -> None:
        for ids in _chunks(esp_ids):
            self._send("PUT", "/api/subscribers/blocklist", {"ids": ids}, repeatable=True)

    # campaigns

    def find_campaigns(self, name: str) -> Sequence[EspCampaign]:
        # listmonk's own search is a full-text one, which would trip over the key's slashes
        rows = self._pages("/api/campaigns", no_body="true", order_by="created_at", order="asc")
        return sorted((_campaign(row) for row in rows if row["name"] == name), key=lambda one: int(one.id))

    def create_campaign(self, name: str, list_id: str, message: Message) -> EspCampaign:
        return _campaign(self._send("POST", "/api/campaigns", _content(name, list_id, message)))

    def campaign(self, campaign_id: str) -> EspCampaign:
        return _campaign(self._get(f"/api/campaigns/{campaign_id}"))

    def start(self, campaign_id: str) -> None:
        self._send("PUT", f"/api/campaigns/{campaign_id}/status", {"status": "running"})

    def schedule(self, campaign_id: str, at: datetime) -> None:
        """listmonk replaces a campaign whole: everything that it has is given back to it."""
        path = f"/api/campaigns/{campaign_id}"
        now = self._get(path)
        kept = {key: now[key] for key in _KEPT_WHEN_CHANGED}
        lists = [one["id"] for one in now["lists"]]
        body = {**kept, "lists": lists, "send_at": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self._send("PUT", path, body, repeatable=True)
        if now["status"] != "scheduled":
            self._send("PUT", f"{path}/status", {"status": "scheduled"})

    def send_test(self, name: str, message: Message, address: str) -> None:
        """listmonk sends tests to its subscribers only, with the content of the request: so the address is put on a
        list of its own, and a draft stands there for as long as the call lasts."""
        list_id = self.find_list(name) or self.create_list(name)
        self.upload(list_id, [Recipient("", address, "")])
        content = _content(name, list_id, message)
        campaign = self.create_campaign(name, list_id, message)
        try:
            body = {**content, "subscribers": [address]}
            self._http.call("POST", f"/api/campaigns/{campaign.id}/test", repeatable=False, json=body)
        finally:
            self.discard(campaign.id)

    def pause(self, campaign_id: str) -> None:
        # listmonk pauses only what runs; what is scheduled becomes a draft again
        paused = {"running": "paused", "scheduled": "draft"}.get(self.campaign(campaign_id).status)
        if paused:
            self._send("PUT", f"/api/campaigns/{campaign_id}/status", {"status": paused}, repeatable=True)

    def discard(self, campaign_id: str) -> None:
        status = self.campaign(campaign_id).status
        if status in ("running", "paused"):
            path = f"/api/campaigns/{campaign_id}/status"
            self._send("PUT", path, {"status": "cancelled"}, repeatable=True)
        elif status in ("draft", "scheduled"):
            # listmonk cancels only what runs; what never ran is deleted
            self._delete(f"/api/campaigns/{campaign_id}")

    # results

    def feeds(self, cursors: dict[str, str]) -> Iterable[Feed]:
        yield Feed("bounces", self._bounces(cursors.get("bounces")))
        yield Feed("unsubscribes", self._unsubscribes())
        yield Feed("blocklist", self._blocklist(cursors.get("blocklist")))
        yield Feed("views", self._analytics("views", "opened", cursors.get("views")))
        yield Feed("clicks", self._analytics("clicks", "clicked", cursors.get("clicks")))

    def _analytics(self, path: str, kind: EventKind, cursor: str | None) -> Iterator[Event]:
        params = {"since": _since(cursor)}
        response = self._http.call(
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
                    _instant(row["created_at"]), "unknown" if kind == "opened" else None, url, row["email"],
                )  # fmt: skip

    def _bounces(self, cursor: str | None) -> Iterator[Event]:
        """Newest first, until what an earlier gathering has read."""
        known = _instant(cursor) - _OVERLAP if cursor else datetime.min
        for row in self._pages("/api/bounces", order_by="created_at", order="desc"):
            occurred_at = _instant(row["created_at"])
            if occurred_at < known:
                return
            source = (row.get("campaign") or {}).get("name") or ""
            yield Event(
                f"bounce:{row['id']}", str(row["subscriber_id"]), source, _BOUNCES[row["type"]],
                occurred_at, None, None, row["email"],
            )  # fmt: skip

    def _unsubscribes(self) -> Iterator[Event]:
        """Who left any list. They are read whole each time: an unsubscribe moves no clock that one could
        ask by without naming its list."""
        for one in self._lists():
            rows = self._pages("/api/subscribers", list_id=one["id"], subscription_status="unsubscribed")
            for row in rows:
                subscription = _subscription(row, one["id"])
                if subscription is None:
                    continue
                yield Event(
                    f"unsubscribe:{one['id']}:{row['id']}", str(row["id"]), one["name"], "unsubscribed",
                    _instant(subscription["subscription_updated_at"]), None, None, row["email"],
                )  # fmt: skip

    def _blocklist(self, cursor: str | None) -> Iterator[Event]:
        query = f"subscribers.updated_at > '{_since(cursor)}' AND subscribers.status='blocklisted'"
        for row in self._pages("/api/subscribers", query=query, order_by="updated_at", order="asc"):
            yield Event(
                f"blocklist:{row['id']}", str(row["id"]), "", "unsubscribed",
                _instant(row["updated_at"]), None, None, row["email"],
            )  # fmt: skip

    # erasure

    def find(self, *addresses: str) -> Sequence[Subscriber]:
        return [
            Subscriber(str(row["id"]), row["email"])
            for chunk in _batches(addresses, _IN_A_QUERY)
            for row in self._pages("/api/subscribers", query=f"subscribers.email IN ({_literals(chunk)})")
        ]

    def erase(self, esp_ids: Sequence[str]) -> None:
        """listmonk keeps the rows of opens and clicks, without subscriber."""
        for chunk in _batches(esp_ids, _IN_A_QUERY):
            self._http.call("DELETE", "/api/subscribers", repeatable=True, params={"id": [int(one) for one in chunk]})

    def remaining(self, esp_ids: Sequence[str]) -> Sequence[str]:
        return [
            str(row["id"])
            for chunk in _batches(esp_ids, _IN_A_QUERY)
            for row in self._pages(
                "/api/subscribers", query=f"subscribers.id IN ({', '.join(str(int(one)) for one in chunk)})"
            )
        ]

    # the import of subscribers: one at a time, in memory, no job id

    def _import(self, list_id: str, content: bytes) -> int:
        name = f"reveil-{list_id}-{sha256(content).hexdigest()[:16]}.csv"
        deadline = self._clock() + self._import_wait_seconds
        while self._clock() < deadline:
            self._wait_for_import(deadline)
            if not self._start_import(list_id, name, content):
                self._sleep(self._poll_seconds)  # somebody else's import came first
                continue
            status = self._wait_for_import(deadline)
            if status["name"] == name and status["status"] == "finished":
                return int(status["imported"])
            if status["name"] == name and status["status"] == "failed":
                raise EspRejected(f"import into list {list_id}: failed; see listmonk's import log")
            # none, or another's: ours was lost in a restart, or its end was not seen; it is repeatable
        raise EspUnavailable(f"import into list {list_id}: not finished in {self._import_wait_seconds:g} s")

    def _start_import(self, list_id: str, name: str, content: bytes) -> bool:
        params = {
            "mode": "subscribe",
            "subscription_status": "confirmed",
            "delim": ",",
            "lists": [int(list_id)],
            "overwrite_userinfo": False,
            "overwrite_subscription_status": False,
        }
        files = {"params": (None, json.dumps(params)), "file": (name, content, "text/csv")}
        try:
            self._http.call("POST", "/api/import/subscribers", repeatable=True, files=files)
        except EspRejected as error:
            if error.status == 400:
                return False
            raise
        return True

    def _wait_for_import(self, deadline: float) -> dict[str, Any]:
        while True:
            status: dict[str, Any] = self._get("/api/import/subscribers")
            if status["status"] not in ("importing", "stopping"):
                return status
            if self._clock() >= deadline:
                raise EspUnavailable(f"an import is still running after {self._import_wait_seconds:g} s")
            self._sleep(self._poll_seconds)

    # plumbing

    def _get(self, path: str, **params: Any) -> Any:
        return self._http.call("GET", path, repeatable=True, params=params).json()["data"]

    def _send(self, method: str, path: str, body: dict[str, Any], repeatable: bool = False) -> Any:
        return self._http.call(method, path, repeatable=repeatable, json=body).json()["data"]

    def _delete(self, path: str) -> None:
        """What is gone already answers 400 or 404: that is what was wanted."""
        try:
            self._http.call("DELETE", path, repeatable=True)
        except EspRejected as error:
            if error.status not in (400, 404):
                raise

    def _lists(self) -> list[dict[str, Any]]:
        """All lists in one answer: listmonk pages them before it orders them, so pages may overlap."""
        return list(self._get("/api/lists", per_page="all")["results"])

    def _pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        for page in itertools.count(1):
            data = self._get(path, page=page, per_page=self._page_size, **params)
            yield from data["results"]
            if page * self._page_size >= data["total"]:
                return


def _csv(recipients: Iterable[Recipient]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(("email", "name", "attributes"))
    for recipient in recipients:
        attributes = json.dumps({"reveil": {"contact_id": recipient.contact_id}})
        writer.writerow((recipient.address, recipient.name, attributes))
    return buffer.getvalue().encode()


def _member(row: dict[str, Any], list_id: int) -> Member:
    subscription = _subscription(row, list_id)
    left = subscription is None or subscription["subscription_status"] == "unsubscribed"
    return Member(str(row["id"]), row["email"], row["status"] == "enabled" and not left)


def _subscription(row: dict[str, Any], list_id: int) -> dict[str, Any] | None:
    return next((one for one in row["lists"] if one["id"] == list_id), None)


def _content(name: str, list_id: str, message: Message) -> dict[str, Any]:
    return {
        "name": name,
        "subject": message.subject,
        "lists": [int(list_id)],
        "from_email": message.from_email,
        "type": "regular",
        "content_type": "html",
        "messenger": "email",
        "body": _translate(message.html, message.links, tracked=True),
        "altbody": _translate(message.text, message.links, tracked=False),
        "tags": ["reveil"],
    }


def _campaign(row: dict[str, Any]) -> EspCampaign:
    status = cast(CampaignStatus, row["status"])
    send_at = _instant(row["send_at"]) if row["send_at"] else None
    return EspCampaign(str(row["id"]), row["name"], status, int(row["to_send"]), int(row["sent"]), send_at)


def _translate(text: str, links: dict[str, str], tracked: bool) -> str:
    def word(match: re.Match[str]) -> str:
        if match[1] == "first_name":
            return "{{ .Subscriber.FirstName }}"
        if match[1] == "unsubscribe_url":
            return "{{ UnsubscribeURL }}"
        return links[match[2]] + ("@TrackLink" if tracked else "")

    return _PLACEHOLDER.sub(word, text)


def _chunks(ids: Sequence[str]) -> Iterator[list[int]]:
    for batch in _batches(ids, _IDS_PER_CALL):
        yield [int(one) for one in batch]


def _batches(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _literals(values: Iterable[str]) -> str:
    """Text as listmonk's query, which is SQL, takes it."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def _since(cursor: str | None) -> str:
    start = _instant(cursor) - _OVERLAP if cursor else datetime(1970, 1, 1)
    return start.strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(text: str) -> datetime:
    """A naive UTC instant; listmonk writes its instants in UTC, with Z or +00:00."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
