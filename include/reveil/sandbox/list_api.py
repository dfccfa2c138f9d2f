"""Endpoints of lists."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from reveil.sandbox import lists
from reveil.sandbox.handlers import Handlers
from reveil.sandbox.state import Sandbox
from reveil.sandbox.wire import Call, Page, answer, route


def routes(sandbox: Sandbox) -> list[Route]:
    """Literal paths stand before those with an id."""
    handlers = _Lists(sandbox)
    return [
        route("GET", "/api/lists", handlers.found),
        route("POST", "/api/lists", handlers.create),
        route("DELETE", "/api/lists", handlers.delete_many),
        route("GET", "/api/lists/{id}", handlers.one),
        route("DELETE", "/api/lists/{id}", handlers.delete),
    ]


class _Lists(Handlers):
    def found(self, call: Call) -> Response:
        stale = bool(call.marks.get("stale_counts"))
        with self._store.read() as connection:
            return answer(lists.found(connection, call.query, Page.of(call.query), stale=stale))

    def one(self, call: Call) -> Response:
        stale = bool(call.marks.get("stale_counts"))
        with self._store.read() as connection:
            return answer(lists.one(connection, call.id(), stale=stale))

    def create(self, call: Call) -> Response:
        with self._store.write() as connection:
            return answer(lists.one(connection, lists.create(connection, call.json(), self._now())))

    def delete(self, call: Call) -> Response:
        return self._delete([call.id()])

    def delete_many(self, call: Call) -> Response:
        return self._delete(call.ids())

    def _delete(self, list_ids: list[int]) -> Response:
        with self._store.write() as connection:
            lists.delete(connection, list_ids)
        return answer(True)
