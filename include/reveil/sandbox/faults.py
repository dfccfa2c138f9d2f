"""Faults on demand: what goes wrong between a client and a server, asked for beforehand at /sandbox/faults.

    {"match": "POST /api/campaigns", "kind": "500_after", "times": 1, "retry_after": null}

match         METHOD PATH; both may hold * (one or more characters)
kind          500_before      the server fails and has done nothing
              500_after       the server has done it and fails then
              timeout_before  nothing is done and no answer ever comes
              timeout_after   it is done and no answer ever comes
              cut_body        it is done and the connection breaks in the middle of the answer
              429, 403        nothing is done; with 429 `retry_after` (seconds) goes into its header
              stale_counts    lists are answered with the counts of before anybody joined
              lost_import     the import is taken, and forgotten with all its rows, as in a restart
times         requests that meet the fault before it is used up
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reveil.sandbox.wire import ApiError, refusal

_REFUSALS = {
    "500_before": (500, "Internal Server Error"),
    "500_after": (500, "Internal Server Error"),
    "429": (429, "Too Many Requests"),
    "403": (403, "invalid API credentials"),
}
_MARKS = {"stale_counts", "lost_import"}
"""Handlers are told of these and fail in their own way."""
KINDS = {*_REFUSALS, *_MARKS, "timeout_before", "timeout_after", "cut_body"}


@dataclass(frozen=True)
class Fault:
    match: str
    kind: str
    times: int = 1
    retry_after: int | None = None


class Faults:
    """The faults that are still to come, the first that fits first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[Fault] = []

    def as_list(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._queue]

    def replace(self, body: Any) -> None:
        """One fault, a list of them, or {"faults": [...]}. ApiError 400 when one is not understood."""
        given = body.get("faults", [body]) if isinstance(body, dict) else body
        faults = [_fault(one) for one in given] if isinstance(given, list) else []
        with self._lock:
            self._queue = faults

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for position, fault in enumerate(self._queue):
                if fnmatchcase(f"{method} {path}", fault.match):
                    left = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                    self._queue[position : position + 1] = left
                    return fault
        return None


def _fault(given: Any) -> Fault:
    try:
        fault = Fault(**given)
    except TypeError:
        raise ApiError(400, "Invalid fault: unknown or missing key") from None
    if fault.kind not in KINDS or type(fault.times) is not int or fault.times < 1 or not isinstance(fault.match, str):
        raise ApiError(400, "Invalid fault: match, kind or times")
    return fault


class FaultInjection:
    """Stands between the server and the application; control endpoints are never hit."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith("/sandbox/"):
            fault = self._faults.take(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind in _MARKS:
            await self._app({**scope, "state": {**scope.get("state", {}), fault.kind: True}}, receive, send)
        else:
            await self._fail(fault, scope, receive, send)

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        given = await self._let_it_happen(scope, receive) if fault.kind.endswith(("_after", "_body")) else []
        if fault.kind.startswith("timeout"):
            while (await receive())["type"] != "http.disconnect":
                pass
        elif fault.kind == "cut_body":
            await _send_half(given, send)
        else:
            status, text = _REFUSALS[fault.kind]
            response = refusal(status, text)
            if fault.retry_after is not None:
                response.headers["Retry-After"] = str(fault.retry_after)
            await response(scope, receive, send)

    async def _let_it_happen(self, scope: Scope, receive: Receive) -> list[Message]:
        given: list[Message] = []

        async def keep(message: Message) -> None:
            given.append(message)

        await self._app(scope, receive, keep)
        return given


async def _send_half(given: list[Message], send: Send) -> None:
    """The headers promise the whole body; leaving without it makes the server close the connection."""
    start = next(message for message in given if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in given if message["type"] == "http.response.body")
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
