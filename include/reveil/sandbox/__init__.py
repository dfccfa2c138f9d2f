"""An embedded e-mail service provider that speaks listmonk's API and plays its recipients.

Going from here to a real listmonk is a change of address. Its own endpoints, under /sandbox, move its clock,
tell who was really sent to, and set how recipients behave and what goes wrong.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from reveil.sandbox.process import SandboxHandle, running

__all__ = ["SandboxHandle", "running", "serve"]


def serve(folder: Path, port: int = 0, *, clock: datetime | None = None) -> None:
    """Serve the sandbox of a folder in this process until it is told to stop; see `server.serve`."""
    from reveil.sandbox import server  # whoever only starts a child does not need the whole server

    server.serve(folder, port, clock=clock)
