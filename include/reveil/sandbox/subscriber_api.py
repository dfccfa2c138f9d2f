"""Endpoints of subscribers."""

from __future__ import annotations

from gzip import compress
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from reveil.sandbox import lists, results, subscribers
from reveil.sandbox.handlers import Handlers
from reveil.sandbox.query import Where, translate
from reveil.sandbox.state import Sandbox
from reveil.sandbox.subscribers import Filter
from reveil.sandbox.wire import ApiError, Call, Page, answer, dumps, integers, raw, route

_NOT_CACHED = {"Cache-Control": "no-cache"}


def routes(sandbox: Sandbox) -> list[Route]:
    """Literal paths stand before those with an id."""
    handlers = _Subscribers(sandbox)
    return [
        route("GET", "/api/subscribers", handlers.found),
        route("POST", "/api/subscribers", handlers.create),
        route("DELETE", "/api/subscribers", handlers.delete_many),
        route("PUT", "/api/subscribers/lists", handlers.manage_lists),
        route("PUT", "/api/subscribers/blocklist", handlers.blocklist),
        route("GET", "/api/subscribers/export", handlers.export_all),
        route("POST", "/api/subscribers/query/delete", handlers.delete_found),
        route("GET", "/api/subscribers/{id}", handlers.one),
        route("PUT", "/api/subscribers/{id}", handlers.replace),
        route("PATCH", "/api/subscribers/{id}", handlers.patch),
        route("DELETE", "/api/subscribers/{id}", handlers.delete),
        route("GET", "/api/subscribers/{id}/export", handlers.export),
        route("GET", "/api/subscribers/{id}/activity", handlers.activity),
    ]


class _Subscribers(Handlers):
    def found(self, call: Call) -> Response:
        query = call.query
        page = Page.of(query)
        wanted = self._filter(call)
        with self._store.read() as connection:
            found, total = subscribers.page(connection, wanted, page)
            rows = subscribers.as_json(connection, found)
        envelope = dumps(page.wrap([], total, query.get("query", ""), query.get("search", "")))
        return raw('{"data":' + envelope.replace('"results":[]', '"results":' + rows, 1) + "}\n")

    def _filter(self, call: Call) -> Filter:
        query = call.query
        return Filter(
            list_ids=[int(text) for text in query.getlist("list_id") if text.isdigit()],
            subscription_status=query.get("subscription_status", ""),
            search=query.get("search", "").strip(),
            where=_where(query.get("query", "")),
            order_by=query.get("order_by", ""),
            order=query.get("order", "").lower(),
        )

    def one(self, call: Call) -> Response:
        return self._show(call.id())

    def _show(self, who: int) -> Response:
        with self._store.read() as connection:
            return raw('{"data":' + subscribers.one_as_json(connection, who) + "}\n")

    def create(self, call: Call) -> Response:
        with self._store.write() as connection:
            who = subscribers.create(connection, call.json(), self._now())
        return self._show(who)

    def replace(self, call: Call) -> Response:
        return self._change(call, whole=True)

    def patch(self, call: Call) -> Response:
        return self._change(call, whole=False)

    def _change(self, call: Call, whole: bool) -> Response:
        who = call.id()
        with self._store.write() as connection:
            subscribers.change(connection, who, call.json(), self._now(), whole)
        return self._show(who)

    def manage_lists(self, call: Call) -> Response:
        body = call.json()
        who, target = _ids_of(body), lists.wanted(body, "target_list_ids")
        if not target:
            raise ApiError(400, "No lists given.")
        action = body.get("action")
        with self._store.write() as connection:
            if action == "add":
                status = str(body.get("status") or "")
                now = self._now()
                subscribers.add(connection, who, target, status or "unconfirmed", now, replace=bool(status))
            elif action in ("remove", "unsubscribe"):
                subscribers.leave(connection, who, target, self._now(), forget=action == "remove")
            else:
                raise ApiError(400, "Invalid action.")
        return answer(True)

    def blocklist(self, call: Call) -> Response:
        who = _ids_of(call.json())
        with self._store.write() as connection:
            subscribers.blocklist(connection, who, self._now())
        return answer(True)

    def delete(self, call: Call) -> Response:
        return self._delete([call.id()])

    def delete_many(self, call: Call) -> Response:
        return self._delete(call.ids())

    def delete_found(self, call: Call) -> Response:
        body = call.json()
        text = "" if body.get("all") else str(body.get("query") or "")
        if not text and not body.get("all"):
            raise ApiError(400, "Invalid fields: query")
        wanted = Filter(lists.wanted(body, "list_ids"), where=_where(text))
        with self._store.write() as connection:
            subscribers.delete(connection, subscribers.matching(connection, wanted))
        self._store.forget()
        return answer(True)

    def _delete(self, who: list[int]) -> Response:
        with self._store.write() as connection:
            subscribers.delete(connection, who)
        self._store.forget()
        return answer(True)

    def export(self, call: Call) -> Response:
        with self._store.read() as connection:
            text = results.profile(connection, call.id())
        headers = {**_NOT_CACHED, "Content-Disposition": 'attachment; filename="data.json"'}
        return Response(text, media_type="application/json", headers=headers)

    def export_all(self, call: Call) -> Response:
        with self._store.read() as connection:
            text = results.subscribers_csv(connection, subscribers.matching(connection, self._filter(call)))
        headers = {
            **_NOT_CACHED,
            "Content-Type": "text/csv",
            "Content-Disposition": "attachment; filename=subscribers.csv",
            "Content-Encoding": "gzip",
            "Vary": "Accept-Encoding",
        }
        return Response(compress(text.encode(), mtime=0), headers=headers)

    def activity(self, call: Call) -> Response:
        with self._store.read() as connection:
            return answer(results.activity(connection, call.id()))


def _where(text: str) -> Where | None:
    return translate(text) if text.strip() else None


def _ids_of(body: dict[str, Any]) -> list[int]:
    found = integers(body.get("ids") or [])
    if not found:
        raise ApiError(400, "No IDs given.")
    return found
