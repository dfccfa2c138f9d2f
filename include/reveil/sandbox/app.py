"""The application: routes, credentials, faults, and errors in the API's own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reveil.sandbox import campaign_api, control, list_api, other_api, public, subscriber_api
from reveil.sandbox.credentials import Credentials
from reveil.sandbox.faults import FaultInjection
from reveil.sandbox.state import Sandbox
from reveil.sandbox.wire import ApiError, html_page, refusal

_GUARDED = ("/api/", "/webhooks/", "/sandbox/")
_OPEN = "/api/health"


def application(sandbox: Sandbox, credentials: Credentials) -> Starlette:
    """Serves one sandbox; its sender runs while the application does."""

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        sandbox.sender.start()
        yield
        sandbox.sender.stop()
        sandbox.store.close()

    parts = (other_api, list_api, subscriber_api, campaign_api, public, control)
    app = Starlette(
        routes=[one for part in parts for one in part.routes(sandbox)],
        middleware=[
            Middleware(FaultInjection, faults=sandbox.faults),
            Middleware(_Guard, credentials=credentials),
        ],
        exception_handlers={ApiError: _refuse, HTTPException: _refuse_unknown},
        lifespan=life,
    )
    app.router.redirect_slashes = False
    return app


class _Guard:
    """Asks for credentials. Without any and with wrong ones the answer is 403 alike, never 401."""

    def __init__(self, app: ASGIApp, credentials: Credentials) -> None:
        self._app = app
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_GUARDED) and scope["path"] != _OPEN:
            header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
            if not self._credentials.fit(header):
                message = "invalid API credentials" if header else "invalid session"
                await refusal(403, message)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _refuse(_: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return refusal(error.status, error.message)


async def _refuse_unknown(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if not request.url.path.startswith(_GUARDED):
        return html_page(f"{error.status_code} - Not found", error.status_code)
    return refusal(error.status_code, "404 unknown endpoint" if error.status_code == 404 else error.detail)
