"""Endpoints of imports, of what came back from recipients, and the few others."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from reveil.sandbox import addresses, clock, reactions, results
from reveil.sandbox.handlers import Handlers
from reveil.sandbox.state import Sandbox
from reveil.sandbox.wire import ApiError, Call, Page, Upload, answer, html_page, route


def routes(sandbox: Sandbox) -> list[Route]:
    handlers = _Others(sandbox)
    return [
        route("GET", "/api/health", lambda _: answer(True)),
        route("POST", "/api/import/subscribers", handlers.start_import),
        route("GET", "/api/import/subscribers", handlers.import_status),
        route("GET", "/api/import/subscribers/logs", handlers.import_log),
        route("DELETE", "/api/import/subscribers", handlers.stop_import),
        route("GET", "/api/maintenance/analytics/{kind}/export", handlers.export),
        route("GET", "/api/settings", handlers.settings),
        route("GET", "/api/templates", handlers.templates),
        route("GET", "/api/bounces", handlers.bounces),
        route("POST", "/webhooks/bounce", handlers.bounce),
    ]


class _Others(Handlers):
    def start_import(self, call: Call) -> Response:
        file = call.form.get("file")
        upload = file if isinstance(file, Upload) else None
        is_lost = bool(call.marks.get("lost_import"))
        status = self._sandbox.importer.begin(str(call.form.get("params") or ""), upload, is_lost)
        return answer(asdict(status))

    def import_status(self, call: Call) -> Response:
        return answer(asdict(self._sandbox.importer.status))

    def import_log(self, call: Call) -> Response:
        return answer(self._sandbox.importer.log)

    def stop_import(self, call: Call) -> Response:
        return answer(asdict(self._sandbox.importer.stop()))

    def export(self, call: Call) -> Response:
        kind = call.path["kind"]
        since = clock.parse(call.query.get("since", "1970-01-01T00:00:00Z"))
        if kind not in results.EXPORTS or since is None:
            raise ApiError(400, "Invalid data")
        with self._store.read() as connection:
            text = results.export(connection, kind, since)
        name = f"attachment; filename=campaign_{kind}.csv"
        headers = {"Cache-Control": "no-cache", "Content-Type": "text/csv", "Content-Disposition": name}
        return Response(text, headers=headers)

    def settings(self, call: Call) -> Response:
        """Those that whoever checks a sender looks at."""
        values = self._sandbox.options.values
        headers = [{"From": values.smtp_from}] if values.smtp_from else []
        server = {"enabled": True, "host": "mail.listmonk.invalid", "email_headers": headers}
        return answer(
            {
                "app.from_email": values.from_email,
                "privacy.individual_tracking": values.individual_tracking,
                "smtp": [server] * values.smtp_servers,
            }
        )

    def templates(self, call: Call) -> Response:
        return answer([_template(clock.zulu(0))])

    def bounces(self, call: Call) -> Response:
        with self._store.read() as connection:
            return answer(results.bounces(connection, call.query, Page.of(call.query)))

    def bounce(self, call: Call) -> Response:
        """A bounce that somebody else has seen. Of an unknown address: accepted and forgotten."""
        if not self._sandbox.options.values.bounce_webhook:
            return html_page("404 - Not found", 404)
        body = call.json()
        kind = body.get("type")
        who = _bounced(body)
        if kind not in ("hard", "soft", "complaint"):
            raise ApiError(400, "Invalid fields: type")
        with self._store.write() as connection:
            found = connection.execute(f"select id from subscribers where {who[0]} = ?", (who[1],)).fetchone()
            uuid = str(body.get("campaign_uuid") or "")
            campaign = connection.execute("select id from campaigns where uuid = ?", (uuid,)).fetchone()
            if found is not None:
                source, meta = str(body.get("source") or ""), body.get("meta") or {}
                reactions.bounce(
                    connection,
                    found["id"],
                    campaign["id"] if campaign else None,
                    kind,
                    source,
                    meta,
                    self._now(),
                )
        return answer(True)


def _bounced(body: dict[str, Any]) -> tuple[str, str]:
    """The column and the value by which a bounce names its subscriber."""
    if body.get("subscriber_uuid"):
        return "uuid", str(body["subscriber_uuid"])
    if not body.get("email"):
        raise ApiError(400, "Invalid fields: email / subscriber_uuid")
    address = addresses.sanitize(str(body["email"]))
    if address is None:
        raise ApiError(400, "Invalid email.")
    return "email", address


def _template(made_at: str | None) -> dict[str, Any]:
    return {
        "id": 1,
        "created_at": made_at,
        "updated_at": made_at,
        "name": "Default campaign template",
        "subject": "",
        "type": "campaign",
        "body": '<!doctype html>\n<html>\n<body>{{ template "content" . }}{{ TrackView }}</body>\n</html>\n',
        "body_source": None,
        "is_default": True,
    }
