"""Endpoints of campaigns."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from reveil.sandbox import campaigns
from reveil.sandbox.handlers import Handlers
from reveil.sandbox.state import Sandbox
from reveil.sandbox.wire import Call, Page, answer, route


def routes(sandbox: Sandbox) -> list[Route]:
    """Literal paths stand before those with an id."""
    handlers = _Campaigns(sandbox)
    return [
        route("GET", "/api/campaigns", handlers.found),
        route("POST", "/api/campaigns", handlers.create),
        route("GET", "/api/campaigns/running/stats", handlers.running),
        route("GET", "/api/campaigns/analytics/{kind}", handlers.analytics),
        route("GET", "/api/campaigns/{id}", handlers.one),
        route("PUT", "/api/campaigns/{id}", handlers.change),
        route("DELETE", "/api/campaigns/{id}", handlers.delete),
        route("PUT", "/api/campaigns/{id}/status", handlers.set_status),
        route("POST", "/api/campaigns/{id}/test", handlers.test),
    ]


class _Campaigns(Handlers):
    def found(self, call: Call) -> Response:
        with self._store.read() as connection:
            return answer(campaigns.found(connection, call.query, Page.of(call.query)))

    def one(self, call: Call) -> Response:
        with self._store.read() as connection:
            return answer(campaigns.one(connection, call.id()))

    def create(self, call: Call) -> Response:
        with self._store.write() as connection:
            made = campaigns.create(connection, call.json(), self._now())
            return answer(campaigns.one(connection, made))

    def change(self, call: Call) -> Response:
        with self._store.write() as connection:
            campaigns.change(connection, call.id(), call.json(), self._now())
            return answer(campaigns.one(connection, call.id()))

    def delete(self, call: Call) -> Response:
        with self._store.write() as connection:
            campaigns.delete(connection, call.id())
        return answer(True)

    def set_status(self, call: Call) -> Response:
        status = str(call.json().get("status") or "")
        with self._store.write() as connection:
            campaign = campaigns.set_status(connection, call.id(), status, self._now())
        self._sandbox.sender.wake()
        return answer(campaign)

    def test(self, call: Call) -> Response:
        with self._store.write() as connection:
            campaigns.test(connection, call.id(), call.json(), self._now())
        return answer(True)

    def running(self, call: Call) -> Response:
        with self._store.read() as connection:
            return answer(campaigns.running(connection))

    def analytics(self, call: Call) -> Response:
        with self._store.read() as connection:
            return answer(campaigns.analytics(connection, call.path["kind"], call.query))
