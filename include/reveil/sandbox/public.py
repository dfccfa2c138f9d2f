"""What a recipient's mail program and browser call: the pixel, tracked links, unsubscribing."""

from __future__ import annotations

import sqlite3
import struct
import zlib

from starlette.responses import Response
from starlette.routing import Route

from reveil.sandbox import reactions, subscribers
from reveil.sandbox.state import Sandbox
from reveil.sandbox.store import statements
from reveil.sandbox.wire import Call, html_page, route

_NO_INDEX = {"X-Robots-Tag": "noindex"}


def _pixel() -> bytes:
    """A PNG of one transparent pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 6, 0, 0, 0)
    content = zlib.compress(b"\0" * 5)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


_PIXEL = _pixel()


def routes(sandbox: Sandbox) -> list[Route]:
    public = _Public(sandbox)
    return [
        route("GET", "/campaign/{campaign}/{subscriber}/px.png", public.pixel),
        route("GET", "/link/{link}/{campaign}/{subscriber}", public.link),
        route("GET", "/subscription/{campaign}/{subscriber}", public.page),
        route("POST", "/subscription/{campaign}/{subscriber}", public.leave),
    ]


class _Public:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def pixel(self, call: Call) -> Response:
        """Whatever happens, there is a picture."""
        with self._sandbox.store.write() as connection:
            campaign = _id(connection, "campaigns", call.path["campaign"])
            if campaign is not None:
                seen = (campaign, self._tracked(connection, call), self._sandbox.clock.now())
                connection.execute(statements("reactions")["add_view"], seen)
        headers = {"Cache-Control": "no-cache", **_NO_INDEX}
        return Response(_PIXEL, media_type="image/png", headers=headers)

    def link(self, call: Call) -> Response:
        with self._sandbox.store.write() as connection:
            link = connection.execute("select id, url from links where uuid = ?", (call.path["link"],)).fetchone()
            if link is None:
                return html_page("Invalid link", 404)
            campaign = _id(connection, "campaigns", call.path["campaign"])
            clicked = (campaign, link["id"], self._tracked(connection, call), self._sandbox.clock.now())
            connection.execute(statements("reactions")["add_click"], clicked)
        return Response(status_code=307, headers={"Location": link["url"], **_NO_INDEX})

    def page(self, call: Call) -> Response:
        """Looking at the page changes nothing: scanners of links look, too."""
        with self._sandbox.store.read() as connection:
            known = _id(connection, "subscribers", call.path["subscriber"]) is not None
        return html_page("Unsubscribe from mailing list") if known else html_page("Not found", 404)

    def leave(self, call: Call) -> Response:
        """One click unsubscribes from the campaign's lists; blocklist=true from everything."""
        with self._sandbox.store.write() as connection:
            who = _id(connection, "subscribers", call.path["subscriber"])
            if who is None:
                return html_page("Not found", 404)
            now = self._sandbox.clock.now()
            if call.form.get("blocklist") == "true":
                subscribers.leave_for_good(connection, who, now)
            elif (campaign := _id(connection, "campaigns", call.path["campaign"])) is not None:
                reactions.unsubscribe(connection, campaign, who, now)
        return html_page("Unsubscribed")

    def _tracked(self, connection: sqlite3.Connection, call: Call) -> int | None:
        if not self._sandbox.options.values.individual_tracking:
            return None
        return _id(connection, "subscribers", call.path["subscriber"])


def _id(connection: sqlite3.Connection, table: str, uuid: str) -> int | None:
    row = connection.execute(f"select id from {table} where uuid = ?", (uuid,)).fetchone()
    return row["id"] if row else None
