"""Campaigns: made, found, changed, and moved from status to status."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.datastructures import QueryParams

from reveil.sandbox import addresses, clock, lists
from reveil.sandbox.clock import zulu
from reveil.sandbox.store import ids, statements
from reveil.sandbox.wire import NOTHING_FOUND, ApiError, Page, canonical, dumps, integers

_DEFAULT_FROM = "listmonk <noreply@listmonk.invalid>"
_FROM = re.compile(r"(.+?\s)?<(.+?)@(.+?)>")
_MAX_LENGTH = 2000
_SORTED_BY = {"name", "status", "created_at", "updated_at"}
_CONTENT_TYPES = {"richtext", "html", "plain", "markdown", "visual"}
_STATUSES = {"draft", "running", "scheduled", "paused", "cancelled", "finished"}
_ENTERED_FROM = {
    "draft": ({"scheduled"}, "Only scheduled campaigns can be saved as drafts."),
    "scheduled": ({"draft", "paused"}, "Only draft campaigns can be scheduled."),
    "running": ({"draft", "paused"}, "Only paused campaigns and drafts can be started."),
    "paused": ({"running"}, "Only active campaigns can be paused."),
    "cancelled": ({"running", "paused"}, "Only active campaigns can be cancelled."),
}
_DAY = 86_400 * clock.SECOND
_HOUR = 3_600 * clock.SECOND


def found(connection: sqlite3.Connection, query: QueryParams, page: Page) -> dict[str, Any]:
    """GET /api/campaigns. `query` looks for a part of name and subject, never for a whole name."""
    conditions, parameters = _conditions(query)
    where = f" where {' and '.join(conditions)}" if conditions else ""
    total = connection.execute(f"select count(*) from campaigns{where}", parameters).fetchone()[0]
    by = query.get("order_by", "")
    order = "asc" if query.get("order") == "asc" else "desc"
    order_by = f" order by {by if by in _SORTED_BY else 'created_at'} {order}, id {order} limit ? offset ?"
    statement = statements("campaigns")["select"] + where + order_by
    rows = connection.execute(statement, (*parameters, page.limit, page.offset)).fetchall()
    if not rows:
        return NOTHING_FOUND
    no_body = query.get("no_body") == "true"
    return page.wrap([_object(row, no_body) for row in rows], total, query=query.get("query", "").strip())


def _conditions(query: QueryParams) -> tuple[list[str], list[Any]]:
    conditions, parameters = [], []
    if statuses := query.getlist("status"):
        conditions.append("campaigns.status in (select value from json_each(?))")
        parameters.append(json.dumps(statuses))
    if text := query.get("query", "").strip():
        conditions.append("instr(lower(campaigns.name || ' ' || campaigns.subject), lower(?))")
        parameters.append(text)
    for tag in query.getlist("tag"):
        conditions.append("? in (select value from json_each(campaigns.tags))")
        parameters.append(tag)
    return conditions, parameters


def one(connection: sqlite3.Connection, campaign_id: int) -> dict[str, Any]:
    """400 when there is no such campaign."""
    return _object(_row(connection, campaign_id))


def create(connection: sqlite3.Connection, body: Mapping[str, Any], now: int) -> int:
    """Always a new draft: a name that is there already makes a second campaign, and a list that does not
    exist makes a campaign without it."""
    fields = _fields(body, {}, now)
    made = {**fields, "uuid": str(uuid4()), "type": body.get("type") or "regular"}
    added = connection.execute(statements("campaigns")["insert"], made).lastrowid
    if added is None:
        raise RuntimeError("the new campaign has no id")
    _set_lists(connection, added, lists.wanted(body))
    return added


def change(connection: sqlite3.Connection, campaign_id: int, body: Mapping[str, Any], now: int) -> None:
    row = _row(connection, campaign_id)
    if row["status"] not in ("draft", "scheduled", "paused"):
        raise ApiError(400, "Cannot update a running or a finished campaign.")
    kept = _object(row)
    joined = [one["id"] for one in kept["lists"] if one["id"]]
    given = {**kept, "lists": joined, **body}
    connection.execute(statements("campaigns")["update"], {**_fields(given, kept, now), "id": campaign_id})
    _set_lists(connection, campaign_id, lists.wanted(given))


def set_status(connection: sqlite3.Connection, campaign_id: int, status: str, now: int) -> dict[str, Any]:
    """The campaign as it was, with its new status: what has happened since is not in the answer."""
    campaign = one(connection, campaign_id)
    allowed, refusal = _ENTERED_FROM.get(status, (_STATUSES, ""))
    if status == "scheduled" and campaign["send_at"] is None:
        raise ApiError(400, "Campaign needs a date to be scheduled.")
    if campaign["status"] not in allowed:
        raise ApiError(400, refusal)
    if status not in _STATUSES:
        unknown = f'invalid input value for enum campaign_status: "{status}"'
        raise ApiError(500, f"Error updating campaign: pq: {unknown}")
    values = {"id": campaign_id, "status": status, "now": now}
    connection.execute(statements("campaigns")["set_status"], values)
    return {**campaign, "status": status}


def test(connection: sqlite3.Connection, campaign_id: int, body: Mapping[str, Any], now: int) -> None:
    """The content of the request, not of the campaign, goes to those of `subscribers` whom the server knows."""
    fields = _fields(body, _object(_row(connection, campaign_id)), now)
    given = body.get("subscribers")
    emails = [str(one).strip().lower() for one in given] if isinstance(given, list) else []
    if not emails:
        raise ApiError(400, "No known subscribers given.")
    values = {"emails": dumps(emails), "subject": fields["subject"], "body": fields["body"], "now": now}
    if not connection.execute(statements("campaigns")["record_test"], values).rowcount:
        raise ApiError(400, "No known subscribers given.")


def delete(connection: sqlite3.Connection, campaign_id: int) -> None:
    if not connection.execute(statements("campaigns")["delete"], (campaign_id,)).rowcount:
        raise ApiError(400, "Campaign not found")


def running(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """GET /api/campaigns/running/stats; rates are messages a minute."""
    return [_progress(row) for row in connection.execute(statements("campaigns")["running"])]


def analytics(connection: sqlite3.Connection, kind: str, query: QueryParams) -> list[dict[str, Any]]:
    """GET /api/campaigns/analytics/{views,clicks,bounces,links}: counts per day, per hour under a week."""
    wanted = [int(text) for text in query.getlist("id") if text.isdigit()]
    if not wanted:
        raise ApiError(400, "Missing field(s): `id`")
    if kind not in ("views", "clicks", "bounces", "links"):
        raise ApiError(400, "Invalid data")
    since, until = _day(query.get("from", "")), _day(query.get("to", ""))
    width = _DAY if until - since >= 7 * _DAY else _HOUR
    values = {"ids": ids(wanted), "from": since, "to": until, "width": width}
    rows = connection.execute(statements("campaigns")[f"{kind}_per"], values)
    if kind == "links":
        return [dict(row) for row in rows]
    return [
        {"campaign_id": row["campaign_id"], "count": row["count"], "timestamp": zulu(row["timestamp"])} for row in rows
    ]


def _day(text: str) -> int:
    instant = clock.parse(text if "T" in text else f"{text}T00:00:00Z")
    if instant is None:
        raise ApiError(400, "`from` and `to` dates should be valid.")
    return instant


def _progress(row: sqlite3.Row) -> dict[str, Any]:
    minutes = max((row["updated_at"] - (row["started_at"] or row["updated_at"])) // (60 * clock.SECOND), 1)
    rate = row["sent"] // minutes
    return {
        "id": row["id"],
        "status": row["status"],
        "to_send": row["to_send"],
        "sent": row["sent"],
        "started_at": zulu(row["started_at"]),
        "updated_at": zulu(row["updated_at"]),
        "rate": rate,
        "net_rate": rate,
    }


def _row(connection: sqlite3.Connection, campaign_id: int) -> sqlite3.Row:
    statement = statements("campaigns")["select"] + " where campaigns.id = ?"
    row: sqlite3.Row | None = connection.execute(statement, (campaign_id,)).fetchone()
    if row is None:
        raise ApiError(400, "Campaign not found")
    return row


def _set_lists(connection: sqlite3.Connection, campaign_id: int, list_ids: list[int]) -> None:
    connection.execute(statements("campaigns")["forget_lists"], (campaign_id,))
    connection.execute(statements("campaigns")["add_lists"], {"id": campaign_id, "lists": ids(list_ids)})


def _fields(body: Mapping[str, Any], kept: Mapping[str, Any], now: int) -> dict[str, Any]:
    """The columns of a campaign out of a body that has been found good; ApiError 400 where it is not."""
    _validate(body)
    return {
        "name": body["name"],
        "subject": body["subject"],
        "from_email": body.get("from_email") or _DEFAULT_FROM,
        "body": body.get("body") or "",
        "altbody": body.get("altbody"),
        "content_type": body.get("content_type") or "richtext",
        "send_at": _send_at(body, kept, now),
        "headers": dumps(body.get("headers") or []),
        "tags": dumps(body.get("tags") or []),
        "attribs": canonical(body.get("attribs") or {}),
        "template_id": body.get("template_id") or 1,
        "messenger": body.get("messenger") or "email",
        "now": now,
    }


def _validate(body: Mapping[str, Any]) -> None:
    for name in ("name", "subject"):
        value = body.get(name)
        if not isinstance(value, str) or not 0 < len(value) < _MAX_LENGTH:
            raise ApiError(400, f"Invalid length for `{name}`.")
    sender = body.get("from_email")
    if sender and not _FROM.search(sender) and addresses.sanitize(sender) is None:
        raise ApiError(400, "Invalid `from_email`.")
    if not integers(body.get("lists") or []):
        raise ApiError(400, "Invalid list IDs.")
    if body.get("messenger") not in (None, "", "email"):
        raise ApiError(400, f"Unknown messenger {body['messenger']}.")
    if body.get("content_type") and body["content_type"] not in _CONTENT_TYPES:
        raise ApiError(400, "Invalid data")
    text = body.get("body") or ""
    if not isinstance(text, str) or text.count("{{") != text.count("}}"):
        raise ApiError(400, "Error compiling campaign body: template: content: unclosed action")


def _send_at(body: Mapping[str, Any], kept: Mapping[str, Any], now: int) -> int | None:
    """A date in the past is refused, unless it is the one that stands there already."""
    text = body.get("send_at")
    if not text:
        return None
    instant = clock.parse(str(text))
    if instant is None:
        raise ApiError(400, "Invalid data")
    if instant < now and text != kept.get("send_at"):
        raise ApiError(400, "Scheduled date should be in the future.")
    return instant


def _object(row: sqlite3.Row, no_body: bool = False) -> dict[str, Any]:
    return {
        "id": row["id"],
        "created_at": zulu(row["created_at"]),
        "updated_at": zulu(row["updated_at"]),
        "views": row["views"],
        "clicks": row["clicks"],
        "bounces": row["bounces"],
        "lists": json.loads(row["lists"]),
        "media": [],
        "started_at": zulu(row["started_at"]),
        "to_send": row["to_send"],
        "sent": row["sent"],
        "uuid": row["uuid"],
        "type": row["type"],
        "name": row["name"],
        "subject": row["subject"],
        "from_email": row["from_email"],
        "body": "" if no_body else row["body"],
        "body_source": None,
        "altbody": row["altbody"],
        "send_at": zulu(row["send_at"]),
        "status": row["status"],
        "content_type": row["content_type"],
        "tags": json.loads(row["tags"]),
        "headers": json.loads(row["headers"]),
        "attribs": json.loads(row["attribs"]),
        "template_id": row["template_id"],
        "messenger": row["messenger"],
        "archive": False,
        "archive_slug": None,
        "archive_template_id": None,
        "archive_meta": {},
    }
