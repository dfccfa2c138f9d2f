"""An embedded e-mail service provider that speaks listmonk's API and plays its recipients.

Going from here to a real listmonk is a change of address. Its own endpoints, under /sandbox, move its
clock, tell who was really sent to, and set how recipients behave and what goes wrong.
"""

from reveil.sandbox.process import SandboxHandle, running

__all__ = ["SandboxHandle", "running", "serve"]


def __getattr__(name: str) -> object:
    """`serve` brings the whole server along; whoever only starts a child does not need it."""
    if name == "serve":
        from reveil.sandbox.server import serve

        return serve
    raise AttributeError(name)
