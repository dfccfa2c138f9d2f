"""What every group of endpoints stands on."""

from __future__ import annotations

from reveil.sandbox.state import Sandbox


class Handlers:
    """Endpoints of one sandbox: each method takes one request and gives its answer."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._store = sandbox.store

    def _now(self) -> int:
        return self._sandbox.clock.now()
