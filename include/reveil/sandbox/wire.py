"""Requests and answers as the API writes them: envelopes, messages, escapes, pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_PAGE = (
    '<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"><title>{title} - Mailing list</title></head>\n'
    '<body><div class="container wrap"><h2>{title}</h2></div></body>\n</html>\n'
)
_FORMS = ("multipart/", "application/x-www-form-urlencoded")
_MAX_ID = 2**31 - 1


class ApiError(Exception):
    """An answer that says no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Upload:
    name: str
    content: bytes


@dataclass(frozen=True)
class Call:
    """One request, read whole."""

    path: Mapping[str, str]
    query: QueryParams
    body: bytes = b""
    form: Mapping[str, str | Upload] = field(default_factory=dict)
    marks: Mapping[str, Any] = field(default_factory=dict)

    def id(self) -> int:
        """The id in the path."""
        return _id(self.path["id"])

    def ids(self) -> list[int]:
        """The ids of ?id=1&id=2."""
        found = [_id(text) for text in self.query.getlist("id")]
        if not found:
            raise ApiError(400, "No IDs given.")
        return found

    def json(self) -> dict[str, Any]:
        """The body, a JSON object."""
        try:
            document = json.loads(self.body or b"{}")
        except ValueError as error:
            raise ApiError(400, f"Syntax error: {error}") from None
        if not isinstance(document, dict):
            raise ApiError(400, "Unmarshal type error: expected=object")
        return document


@dataclass(frozen=True)
class Page:
    """?page= and ?per_page=; per_page 0 stands for all."""

    number: int
    size: int

    @classmethod
    def of(cls, query: QueryParams) -> Page:
        size = 0 if query.get("per_page") == "all" else _count(query.get("per_page"), 20)
        return cls(_count(query.get("page"), 1), size)

    @property
    def limit(self) -> int:
        return self.size or -1

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def wrap(self, results: list[Any], total: int, query: str = "", search: str = "") -> dict[str, Any]:
        pages = {"total": total, "per_page": self.size, "page": self.number}
        return {"results": results, "search": search, "query": query, **pages}


NOTHING_FOUND = {"results": [], "search": "", "query": "", "total": 0, "per_page": 0, "page": 0}
"""Campaigns and bounces forget the page that was asked for when they find nothing."""

Handler = Callable[[Call], Response]


def route(method: str, path: str, handler: Handler) -> Route:
    """A route whose handler runs in a worker thread with the request read whole."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(handler, await _read(request))

    return Route(path, endpoint, methods=[method])


async def _read(request: Request) -> Call:
    form: dict[str, str | Upload] = {}
    body = b""
    if request.headers.get("content-type", "").startswith(_FORMS):
        async with request.form() as fields:
            for name, value in fields.items():
                if isinstance(value, UploadFile):
                    form[name] = Upload(value.filename or "", await value.read())
                else:
                    form[name] = value
    else:
        body = await request.body()
    return Call(request.path_params, request.query_params, body, form, dict(request.scope.get("state", {})))


def answer(data: Any) -> Response:
    return raw('{"data":' + dumps(data) + "}\n")


def raw(text: str, status: int = 200) -> Response:
    """JSON text, escaped as the API escapes it: no <, > or & is left."""
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Response(safe, status, media_type="application/json")


def refusal(status: int, message: str) -> Response:
    return raw(dumps({"message": message}) + "\n", status)


def html_page(title: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=title), status, headers={"Content-Type": "text/html; charset=UTF-8"})


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def canonical(value: Any) -> str:
    """Attributes as they are kept: keys sorted, however they came."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


quoted = encode_basestring


def integers(values: Any) -> list[int]:
    """A list of ids out of a body; anything else is refused."""
    if not isinstance(values, list) or not all(type(one) is int and abs(one) <= _MAX_ID for one in values):
        raise ApiError(400, "Unmarshal type error: expected=int")
    return values


def _id(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _MAX_ID:
        raise ApiError(400, "Invalid ID")
    return int(text)


def _count(text: str | None, default: int) -> int:
    number = int(text) if text and text.isascii() and text.isdigit() else 0
    return min(number, _MAX_ID) if number > 0 else default
