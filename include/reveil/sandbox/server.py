"""One sandbox as a process of its own, on a port of this machine only."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import uvicorn

from reveil.errors import BadInput, Refused
from reveil.sandbox.app import application
from reveil.sandbox.clock import micros
from reveil.sandbox.credentials import credentials
from reveil.sandbox.state import Sandbox

HOST = "127.0.0.1"


def serve(folder: Path, port: int = 0, *, clock: datetime | None = None, stop_with_stdin: bool = False) -> None:
    """Serve the sandbox of a folder until SIGTERM or SIGINT; port 0 takes a free one.

    The first line on stdout is a JSON object with url, user and pid; the token is in credentials.json of
    the folder. `clock` moves the sandbox's clock forward to this instant, never back. With `stop_with_stdin`
    it ends with whoever holds the other end of its stdin.
    Raises Refused while another process serves the folder, BadInput when the port is taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder), listening(port) as listener:
        sandbox = Sandbox.at(folder)
        if clock is not None:
            sandbox.sender.advance(micros(clock))
        known = credentials(folder)
        config = uvicorn.Config(
            application(sandbox, known),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        if stop_with_stdin:
            threading.Thread(target=_stop_at_end_of_stdin, args=(server,), daemon=True).start()
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        sys.stdout.write(json.dumps({"url": address, "user": known.user, "pid": os.getpid()}) + "\n")
        sys.stdout.flush()
        logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
        server.run(sockets=[listener])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "sandbox.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(f"{folder}: another process serves this sandbox; stop it, or use another folder") from None
        yield


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """Listening before anybody is told the address, so that no early caller is turned away."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except (OSError, OverflowError):
            raise BadInput(f"port {port} cannot be used; choose another, or 0 for a free one") from None
        listener.listen(128)
        yield listener


def _stop_at_end_of_stdin(server: uvicorn.Server) -> None:
    while os.read(0, 1024):
        pass
    server.should_exit = True
