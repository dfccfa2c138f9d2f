"""listmonk as a provider: lists, campaigns, results, erasure."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from reveil.esp.base import (
    CampaignStatus,
    EspCampaign,
    EspDenied,
    EspRejected,
    Feed,
    Member,
    Message,
    Recipient,
    Subscriber,
    UploadResult,
)
from reveil.esp.http import HttpSession
from reveil.esp.listmonk.api import Api, instant, literals, subscription
from reveil.esp.listmonk.events import Events
from reveil.esp.listmonk.imports import Importer
from reveil.esp.listmonk.sender import judge

_IDS_PER_CALL = 1_000
_IN_A_QUERY = 100
"""Ids or addresses in one URL."""
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
        self._name = name
        self._api = Api(http, page_size)
        self._events = Events(self._api)
        self._importer = Importer(self._api, poll_seconds, import_wait_seconds, clock, sleep)

    @property
    def name(self) -> str:
        return self._name

    def clock(self) -> datetime | None:
        return self.sandbox_clock() if self._name == "sandbox" else None

    def check(self) -> Sequence[str]:
        self._api.get("/api/health")
        lists = self._api.lists()
        newest = self._api.get("/api/subscribers", page=1, per_page=1, order_by="updated_at", order="desc")
        sentences = [f"listmonk answers and accepts our credentials; {len(lists)} lists"]
        sentences.append(f"{sum('reveil' in one['tags'] for one in lists)} of the lists are ours")
        sentences.append(f"{newest['total']} subscribers can be read, with attributes; ours stand under the key reveil")
        if self._name == "sandbox":
            sentences.append(f"it is the sandbox; its clock shows {self.sandbox_clock():%Y-%m-%d %H:%M}")
        return sentences

    def check_sender(self, from_email: str) -> Sequence[str]:
        try:
            settings = self._api.get("/api/settings")
        except EspDenied:
            return [
                f"sender {from_email}: not checked, as our credentials may not read listmonk's settings (settings:get)"
            ]
        notes, faults = judge(settings, from_email)
        if faults and self._name != "sandbox":
            raise EspRejected("; ".join(faults))
        return notes

    def sandbox_clock(self) -> datetime:
        """The sandbox's clock, naive UTC. EspDenied when what answers is not the sandbox: the word "sandbox" in
        the settings lifts every guard, so it must not be taken on trust."""
        try:
            response = self._api.http.call("GET", "/sandbox/clock", repeatable=True)
            return instant(response.json()["data"]["now"])
        except (EspRejected, KeyError, TypeError, ValueError):
            raise EspDenied("the provider is set to sandbox, but a real one answers; set provider: listmonk") from None

    def move_sandbox_clock(self, to: datetime) -> datetime:
        """Move the sandbox's clock on, unless it is there already; what it shows then."""
        now = self.sandbox_clock()
        if to <= now:
            return now
        body = {"now": to.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self._api.http.call("PUT", "/sandbox/clock", repeatable=True, json=body)
        return to

    # lists

    def find_list(self, name: str) -> str | None:
        found = [one["id"] for one in self._api.lists() if one["name"] == name]
        return str(min(found)) if found else None

    def create_list(self, name: str) -> str:
        body = {"name": name, "type": "private", "optin": "single", "tags": ["reveil"]}
        return str(self._api.send("POST", "/api/lists", body)["id"])

    def upload(self, list_id: str, recipients: Iterable[Recipient]) -> UploadResult:
        return UploadResult(self._importer.put_on(list_id, recipients))

    def members(self, list_id: str, since: datetime | None = None) -> Iterator[Member]:
        changed = {"query": f"subscribers.updated_at >= '{since.isoformat()}Z'"} if since else {}
        for row in self._api.pages("/api/subscribers", list_id=list_id, order_by="id", order="asc", **changed):
            yield _member(row, int(list_id))

    def newest_change(self) -> datetime:
        rows = self._api.get("/api/subscribers", page=1, per_page=1, order_by="updated_at", order="desc")["results"]
        return instant(rows[0]["updated_at"]) if rows else datetime(1970, 1, 1)

    def remove_members(self, list_id: str, esp_ids: Sequence[str]) -> None:
        for ids in _chunks(esp_ids):
            body = {"ids": ids, "action": "remove", "target_list_ids": [int(list_id)]}
            self._api.send("PUT", "/api/subscribers/lists", body, repeatable=True)

    def suppress(self, esp_ids: Sequence[str]) -> None:
        for ids in _chunks(esp_ids):
            self._api.send("PUT", "/api/subscribers/blocklist", {"ids": ids}, repeatable=True)

    # campaigns

    def find_campaigns(self, name: str) -> Sequence[EspCampaign]:
        # listmonk's own search is a full-text one, which would trip over the key's slashes
        rows = self._api.pages("/api/campaigns", no_body="true", order_by="created_at", order="asc")
        return sorted((_campaign(row) for row in rows if row["name"] == name), key=lambda one: int(one.id))

    def create_campaign(self, name: str, list_id: str, message: Message) -> EspCampaign:
        return _campaign(self._api.send("POST", "/api/campaigns", _content(name, list_id, message)))

    def campaign(self, campaign_id: str) -> EspCampaign:
        return _campaign(self._api.get(f"/api/campaigns/{campaign_id}"))

    def start(self, campaign_id: str) -> None:
        self._api.send("PUT", f"/api/campaigns/{campaign_id}/status", {"status": "running"})

    def schedule(self, campaign_id: str, at: datetime) -> None:
        """listmonk replaces a campaign whole: everything that it has is given back to it."""
        path = f"/api/campaigns/{campaign_id}"
        now = self._api.get(path)
        kept = {key: now[key] for key in _KEPT_WHEN_CHANGED}
        lists = [one["id"] for one in now["lists"]]
        body = {**kept, "lists": lists, "send_at": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self._api.send("PUT", path, body, repeatable=True)
        if now["status"] != "scheduled":
            self._api.send("PUT", f"{path}/status", {"status": "scheduled"})

    def send_test(self, name: str, message: Message, address: str) -> None:
        """listmonk sends tests to its subscribers only, with the content of the request: so the address is put on a
        list of its own, and a draft stands there for as long as the call lasts."""
        list_id = self.find_list(name) or self.create_list(name)
        self.upload(list_id, [Recipient("", address, "")])
        content = _content(name, list_id, message)
        campaign = self.create_campaign(name, list_id, message)
        try:
            body = {**content, "subscribers": [address]}
            self._api.http.call("POST", f"/api/campaigns/{campaign.id}/test", repeatable=False, json=body)
        finally:
            self.discard(campaign.id)

    def pause(self, campaign_id: str) -> None:
        # listmonk pauses only what runs; what is scheduled becomes a draft again
        paused = {"running": "paused", "scheduled": "draft"}.get(self.campaign(campaign_id).status)
        if paused:
            self._api.send("PUT", f"/api/campaigns/{campaign_id}/status", {"status": paused}, repeatable=True)

    def discard(self, campaign_id: str) -> None:
        status = self.campaign(campaign_id).status
        if status in ("running", "paused"):
            path = f"/api/campaigns/{campaign_id}/status"
            self._api.send("PUT", path, {"status": "cancelled"}, repeatable=True)
        elif status in ("draft", "scheduled"):
            # listmonk cancels only what runs; what never ran is deleted
            self._api.delete(f"/api/campaigns/{campaign_id}")

    # results

    def feeds(self, cursors: dict[str, str]) -> Iterable[Feed]:
        return self._events.feeds(cursors)

    # erasure

    def find(self, *addresses: str) -> Sequence[Subscriber]:
        return [
            Subscriber(str(row["id"]), row["email"])
            for chunk in _batches(addresses, _IN_A_QUERY)
            for row in self._api.pages("/api/subscribers", query=f"subscribers.email IN ({literals(chunk)})")
        ]

    def erase(self, esp_ids: Sequence[str]) -> None:
        """listmonk keeps the rows of opens and clicks, without subscriber."""
        for chunk in _batches(esp_ids, _IN_A_QUERY):
            self._api.http.call(
                "DELETE", "/api/subscribers", repeatable=True, params={"id": [int(one) for one in chunk]}
            )

    def remaining(self, esp_ids: Sequence[str]) -> Sequence[str]:
        return [
            str(row["id"])
            for chunk in _batches(esp_ids, _IN_A_QUERY)
            for row in self._api.pages(
                "/api/subscribers", query=f"subscribers.id IN ({', '.join(str(int(one)) for one in chunk)})"
            )
        ]


def _member(row: dict[str, Any], list_id: int) -> Member:
    membership = subscription(row, list_id)
    left = membership is None or membership["subscription_status"] == "unsubscribed"
    return Member(str(row["id"]), row["email"], row["status"] == "enabled" and not left)


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
    send_at = instant(row["send_at"]) if row["send_at"] else None
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
