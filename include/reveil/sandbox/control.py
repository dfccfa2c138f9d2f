"""The sandbox's own endpoints: its clock, what was really sent, how recipients behave, what goes wrong."""

from __future__ import annotations

import json

from starlette.responses import Response
from starlette.routing import Route

from reveil.sandbox import clock
from reveil.sandbox.clock import zulu
from reveil.sandbox.state import Sandbox
from reveil.sandbox.store import statements
from reveil.sandbox.wire import ApiError, Call, Page, answer, route


def routes(sandbox: Sandbox) -> list[Route]:
    control = _Control(sandbox)
    return [
        route("GET", "/sandbox/clock", control.clock),
        route("PUT", "/sandbox/clock", control.move_clock),
        route("GET", "/sandbox/sent", control.sent),
        route("GET", "/sandbox/tests", control.tests),
        route("GET", "/sandbox/links", control.links),
        route("GET", "/sandbox/rates", control.rates),
        route("PUT", "/sandbox/rates", control.change_rates),
        route("GET", "/sandbox/options", control.options),
        route("PUT", "/sandbox/options", control.change_options),
        route("GET", "/sandbox/faults", control.faults),
        route("PUT", "/sandbox/faults", control.set_faults),
    ]


class _Control:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def clock(self, call: Call) -> Response:
        return answer({"now": zulu(self._sandbox.clock.now()), "is_set": self._sandbox.clock.is_set})

    def move_clock(self, call: Call) -> Response:
        instant = clock.parse(str(call.json().get("now")))
        if instant is None:
            raise ApiError(400, 'Invalid clock: {"now": "1998-07-01T02:00:00Z"} is understood')
        if not self._sandbox.sender.advance(instant):
            raise ApiError(400, f"The clock shows {zulu(self._sandbox.clock.now())} and never goes back.")
        return self.clock(call)

    def sent(self, call: Call) -> Response:
        """Who was really sent to; ?campaign=NAME for one."""
        page = Page.of(call.query)
        values = {"campaign": call.query.get("campaign", ""), "limit": page.limit, "offset": page.offset}
        with self._sandbox.store.read() as connection:
            total = connection.execute(statements("results")["count_sent"], values).fetchone()[0]
            rows = [dict(row) for row in connection.execute(statements("results")["sent"], values)]
        return answer(page.wrap([{**row, "sent_at": zulu(row["sent_at"])} for row in rows], total))

    def tests(self, call: Call) -> Response:
        """Messages that were sent as a test."""
        with self._sandbox.store.read() as connection:
            rows = [dict(row) for row in connection.execute(statements("campaigns")["tests"])]
        return answer([{**row, "sent_at": zulu(row["sent_at"])} for row in rows])

    def links(self, call: Call) -> Response:
        """Tracked links that have been sent, for /link/{uuid}/..."""
        with self._sandbox.store.read() as connection:
            return answer([dict(row) for row in connection.execute("select uuid, url from links order by id")])

    def rates(self, call: Call) -> Response:
        return answer(self._sandbox.rates.rates.model_dump())

    def change_rates(self, call: Call) -> Response:
        self._sandbox.rates.change(call.json())
        return self.rates(call)

    def options(self, call: Call) -> Response:
        return answer(self._sandbox.options.as_dict())

    def change_options(self, call: Call) -> Response:
        self._sandbox.options.change(call.json())
        self._sandbox.sender.wake()
        return self.options(call)

    def faults(self, call: Call) -> Response:
        return answer(self._sandbox.faults.as_list())

    def set_faults(self, call: Call) -> Response:
        try:
            body = json.loads(call.body or b"[]")
        except ValueError:
            raise ApiError(400, "Invalid faults: not JSON") from None
        self._sandbox.faults.replace(body)
        return self.faults(call)
