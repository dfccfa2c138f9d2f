"""One HTTP session against a real server on loopback that misbehaves as told."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reveil.esp.base import EspDenied, EspRejected, EspUnavailable, EspUncertain
from reveil.esp.http import HttpSession


class Script(ThreadingHTTPServer):
    """Answers with the scripted statuses in turn, then 200; 0 cuts the connection in mid-body."""

    daemon_threads = True

    def __init__(self, statuses: list[int], headers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses, self.answer_headers, self.calls = statuses, headers, 0


class Handler(BaseHTTPRequestHandler):
    server: Script

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        self.server.calls += 1
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status or 200)
        for name, value in self.server.answer_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "13")
        self.end_headers()
        self.wfile.write(b'{"data":' if status == 0 else b'{"data":true}')
        if status == 0:
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(*statuses: int, headers: dict[str, str] | None = None) -> Iterator[Script]:
    server = Script(list(statuses), headers or {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def session(server: Script, waits: list[float] | None = None, attempts: int = 3) -> HttpSession:
    sleep = (waits if waits is not None else []).append
    url = f"http://127.0.0.1:{server.server_port}"
    return HttpSession(url, ("user", "hidden-token"), 5, attempts, sleep=sleep, rng=random.Random(1))


@pytest.mark.parametrize("status", [500, 502, 503, 504, 0])
def test_a_read_is_retried_after_every_transient_failure(status: int) -> None:
    waits: list[float] = []
    with serving(status, status) as server:
        assert session(server, waits).call("GET", "/x", repeatable=True).json() == {"data": True}
        assert server.calls == 3
    assert len(waits) == 2


@pytest.mark.parametrize("status", [500, 503, 0])
def test_a_call_that_might_be_done_twice_is_not_repeated_when_its_end_is_unknown(status: int) -> None:
    with serving(status) as server:
        with pytest.raises(EspUncertain):
            session(server).call("POST", "/x", repeatable=False, json={})
        assert server.calls == 1


def test_a_rate_limit_is_waited_out_even_for_such_a_call() -> None:
    waits: list[float] = []
    with serving(429, headers={"Retry-After": "3"}) as server:
        session(server, waits).call("POST", "/x", repeatable=False, json={})
        assert server.calls == 2
    assert waits == [3.0]


def test_a_wait_that_would_stall_the_night_is_not_sat_out_and_the_provider_not_asked_again() -> None:
    waits: list[float] = []
    with serving(429, headers={"Retry-After": "3600"}) as server:
        with pytest.raises(EspUnavailable, match="asked to wait"):
            session(server, waits).call("POST", "/x", repeatable=False, json={})
        assert (server.calls, waits) == (1, [])


class Clock:
    """A clock that only waits move on."""

    def __init__(self) -> None:
        self.now, self.waits = 1_790_000_000.0, list[float]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def timed(server: Script, clock: Clock) -> HttpSession:
    url = f"http://127.0.0.1:{server.server_port}"
    return HttpSession(url, None, 5, 3, sleep=clock.sleep, rng=random.Random(1), clock=clock)


@pytest.mark.parametrize("family", ["RateLimit", "X-RateLimit", "x-sib-ratelimit"])
def test_an_endpoint_whose_limit_is_used_up_is_called_after_the_reset_and_others_at_once(family: str) -> None:
    clock = Clock()
    with serving(headers={f"{family}-Remaining": "0", f"{family}-Reset": "20"}) as server:
        there = timed(server, clock)
        there.call("GET", "/lists/1", repeatable=True)
        there.call("GET", "/campaigns/1", repeatable=True)
        assert clock.waits == []
        there.call("GET", "/lists/2", repeatable=True)
        assert clock.waits == [20]


def test_while_calls_are_left_nobody_waits() -> None:
    clock = Clock()
    with serving(headers={"RateLimit-Remaining": "1", "RateLimit-Reset": "20"}) as server:
        for _ in range(3):
            timed(server, clock).call("GET", "/lists", repeatable=True)
    assert clock.waits == []


def test_a_limit_that_is_reset_much_later_ends_the_run_without_a_call() -> None:
    clock = Clock()
    with serving(headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "3000"}) as server:
        there = timed(server, clock)
        there.call("GET", "/lists", repeatable=True)
        with pytest.raises(EspUnavailable, match="no further call for 3000 s"):
            there.call("GET", "/lists", repeatable=True)
        assert (server.calls, clock.waits) == (1, [])


def test_retries_are_bounded() -> None:
    with serving(*[503] * 10) as server:
        with pytest.raises(EspUncertain):
            session(server, attempts=4).call("GET", "/x", repeatable=True)
        assert server.calls == 4


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials_say_what_to_correct_and_are_not_retried(status: int) -> None:
    with serving(status) as server:
        with pytest.raises(EspDenied, match="esp_default") as denial:
            session(server).call("GET", "/x", repeatable=True)
        assert server.calls == 1
    assert denial.value.exit_code == 2
    assert "hidden-token" not in str(denial.value)


def test_a_refusal_is_not_retried() -> None:
    with serving(400) as server:
        with pytest.raises(EspRejected) as refusal:
            session(server).call("GET", "/x", repeatable=True)
        assert server.calls == 1
    assert refusal.value.status == 400


def test_an_esp_that_is_down_is_named_and_surely_did_nothing() -> None:
    with serving() as server:
        gone = session(server)
    with pytest.raises(EspUnavailable, match="nothing answers there"):
        gone.call("POST", "/x", repeatable=False, json={})
