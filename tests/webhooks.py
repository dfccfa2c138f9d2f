"""An address that takes failure notifications, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Webhook:
    """`bodies` grows as notifications come."""

    url: str
    bodies: list[str] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Webhook]:
    bodies: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Webhook(f"http://127.0.0.1:{server.server_port}/hook", bodies)
        finally:
            server.shutdown()
            thread.join()
