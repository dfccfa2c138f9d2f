"""A plain HTTP client of a sandbox, for the tests of the sandbox itself: what goes over the wire, unretried."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
import uvicorn

from reveil.sandbox import SandboxHandle
from reveil.sandbox.app import application
from reveil.sandbox.clock import machine_time
from reveil.sandbox.credentials import credentials
from reveil.sandbox.recipients import RatesFile
from reveil.sandbox.server import HOST, listening
from reveil.sandbox.state import Sandbox

QUIET = {
    "shares": dict.fromkeys(("bounced_hard", "bounced_soft", "opened", "clicked", "unsubscribed", "complained"), 0.0)
}
"""Rates at which nobody reacts."""

TRACKED = '<a href="https://shop.example/comeback@TrackLink">Come back</a>'
_PATIENCE_SECONDS = 30


@contextmanager
def serving(folder: Path, now: str | None = None, wall: Callable[[], datetime] = machine_time) -> Iterator[Client]:
    """A sandbox where nobody reacts, in a thread of this process: many tests want a fresh one."""
    folder.mkdir(parents=True, exist_ok=True)
    RatesFile(folder / "rates.json").change(QUIET)
    known = credentials(folder)
    with listening(0) as listener:
        config = uvicorn.Config(application(Sandbox.at(folder, wall), known), log_config=None, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            url = f"http://{HOST}:{listener.getsockname()[1]}"
            client = Client(SandboxHandle(url, known.user, known.token, os.getpid()))
            if now is not None:
                client.move_clock(now)
            yield client
        finally:
            server.should_exit = True
            thread.join()


class Client:
    """Calls a sandbox as its user. `data` insists on a good answer and takes the envelope off."""

    def __init__(self, handle: SandboxHandle) -> None:
        self.handle = handle
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (handle.user, handle.token)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", _PATIENCE_SECONDS)
        return self._session.request(method, self.handle.url + path, allow_redirects=False, **options)

    def data(self, method: str, path: str, **options: Any) -> Any:
        response = self.call(method, path, **options)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()["data"]

    def refusal(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        response = self.call(method, path, **options)
        return response.status_code, response.json()["message"]

    def anonymous(self, method: str, path: str, **options: Any) -> requests.Response:
        """As a recipient calls: without credentials."""
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, self.handle.url + path, timeout=_PATIENCE_SECONDS, allow_redirects=False, **options
            )

    # what tests need again and again

    def set(self, **options: Any) -> None:
        self.data("PUT", "/sandbox/options", json=options)

    def move_clock(self, now: str) -> None:
        self.data("PUT", "/sandbox/clock", json={"now": now})

    def add_list(self, name: str = "winback", optin: str = "single") -> int:
        body = {"name": name, "type": "private", "optin": optin, "tags": []}
        return int(self.data("POST", "/api/lists", json=body)["id"])

    def start_import(self, csv: str | bytes, name: str = "subs.csv", **params: Any) -> requests.Response:
        given = {"mode": "subscribe", "subscription_status": "confirmed", "delim": ",", **params}
        content = csv.encode() if isinstance(csv, str) else csv
        files = {"params": (None, json.dumps(given)), "file": (name, content, "text/csv")}
        return self.call("POST", "/api/import/subscribers", files=files)

    def import_csv(self, csv: str | bytes, **params: Any) -> dict[str, Any]:
        """The status after the end."""
        response = self.start_import(csv, **params)
        assert response.ok, response.text
        return self.await_import()

    def await_import(self) -> dict[str, Any]:
        return self.wait("/api/import/subscribers", lambda status: status["status"] not in _WORKING)

    def add_contacts(self, list_id: int, addresses: Iterable[str]) -> None:
        rows = "".join(f"{address}\n" for address in addresses)
        status = self.import_csv(f"email\n{rows}", lists=[list_id])
        assert status["status"] == "finished"

    def add_campaign(self, list_ids: list[int], name: str = "winback/1", **fields: Any) -> dict[str, Any]:
        body = {"name": name, "subject": "We miss you", "lists": list_ids, "body": TRACKED, **fields}
        return dict(self.data("POST", "/api/campaigns", json=body))

    def set_status(self, campaign_id: int, status: str) -> requests.Response:
        return self.call("PUT", f"/api/campaigns/{campaign_id}/status", json={"status": status})

    def send(self, list_ids: list[int], name: str = "winback/1", **fields: Any) -> dict[str, Any]:
        """A campaign, sent."""
        campaign_id = self.add_campaign(list_ids, name, **fields)["id"]
        assert self.set_status(campaign_id, "running").ok
        return self.await_campaign(campaign_id)

    def await_campaign(self, campaign_id: int, status: str = "finished") -> dict[str, Any]:
        return self.wait(f"/api/campaigns/{campaign_id}", lambda one: one["status"] == status)

    def sent_to(self, campaign: str = "") -> list[str]:
        rows = self.data("GET", "/sandbox/sent", params={"campaign": campaign, "per_page": "all"})["results"]
        return [row["email"] for row in rows]

    def subscriber(self, address: str) -> dict[str, Any]:
        query = f"subscribers.email='{address}'"
        (found,) = self.data("GET", "/api/subscribers", params={"query": query})["results"]
        return dict(found)

    def wait(self, path: str, is_done: Callable[[Any], bool]) -> dict[str, Any]:
        """Asks again and again until it is so; gives up in the end."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not is_done(state := self.data("GET", path)):
            assert time.monotonic() < deadline, f"{path}: still {state}"
        return dict(state)


_WORKING = ("importing", "stopping")
