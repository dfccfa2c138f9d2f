"""The sandbox as a child process, for as long as a `with` block lasts."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import requests

from reveil.errors import Refused
from reveil.sandbox.credentials import credentials

_START_SECONDS = 30
_STOP_SECONDS = 10


@dataclass(frozen=True)
class SandboxHandle:
    """How to reach a running sandbox."""

    url: str
    user: str
    token: str
    pid: int


@contextmanager
def running(
    folder: Path,
    *,
    clock: datetime | None = None,
    rates: Mapping[str, Any] | None = None,
    port: int = 0,
) -> Iterator[SandboxHandle]:
    """Start the sandbox of a folder on 127.0.0.1, wait until it answers, stop it at the end.

    `clock` (naive: UTC) moves its clock forward to this instant where it stands earlier. `rates` are those of
    PUT /sandbox/rates. The child ends with this process, however this process ends. Its errors go to
    sandbox.log in the folder. Raises Refused when it does not come up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "reveil.sandbox", str(folder), "--port", str(port), "--stop-with-stdin"]
    if clock is not None:
        command += ["--clock", clock.isoformat()]
    with (folder / "sandbox.log").open("ab") as log:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        try:
            yield _reach(child, folder, rates)
        finally:
            _stop(child)


def _reach(child: subprocess.Popen[bytes], folder: Path, rates: Mapping[str, Any] | None) -> SandboxHandle:
    deadline = time.monotonic() + _START_SECONDS
    line = _first_line(child.stdout, deadline)
    if not line:
        raise Refused(f"the sandbox did not start; {folder / 'sandbox.log'} says why")
    told = json.loads(line)
    known = credentials(folder)
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (known.user, known.token)
        # the port listens already: the request waits in its queue until the server takes it
        session.get(f"{told['url']}/api/health", timeout=_START_SECONDS).raise_for_status()
        if rates is not None:
            changed = session.put(f"{told['url']}/sandbox/rates", json=dict(rates), timeout=_START_SECONDS)
            if not changed.ok:
                raise Refused(f"the sandbox refused its rates: {changed.json()['message']}")
    return SandboxHandle(told["url"], known.user, known.token, told["pid"])


def _first_line(stream: IO[bytes] | None, deadline: float) -> bytes:
    """Empty when the child ends, or says nothing in time."""
    if stream is None:
        raise RuntimeError("the child has no stdout")
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        if not selector.select(max(deadline - time.monotonic(), 0)):
            return b""
    return stream.readline()


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            stream.close()
