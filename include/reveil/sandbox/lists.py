"""Lists: created, found, counted, deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.datastructures import QueryParams

from reveil.sandbox.clock import zulu
from reveil.sandbox.store import ids, statements
from reveil.sandbox.wire import ApiError, Page, dumps, integers

_MAX_NAME = 2000
_SORTED_BY = {"name", "status", "created_at", "updated_at", "subscriber_count"}
_KINDS = {"type": ("private", "public"), "optin": ("single", "double")}


def wanted(body: Mapping[str, Any], key: str = "lists") -> list[int]:
    """The list ids that a body names."""
    return integers(body.get(key) or [])


def found(connection: sqlite3.Connection, query: QueryParams, page: Page, *, stale: bool) -> dict[str, Any]:
    """GET /api/lists. `stale` answers with the counts of before anybody joined, as the server may do."""
    counts = {} if stale else _counts(connection)
    rows = [_object(row, counts.get(row["id"], {})) for row in connection.execute(statements("lists")["all"])]
    text = query.get("query", "").strip()
    tags = query.getlist("tag")
    rows = [row for row in rows if text.lower() in row["name"].lower() and set(tags) <= set(row["tags"])]
    by = query.get("order_by", "")
    field = by if by in _SORTED_BY else "created_at"
    rows.sort(key=lambda row: (row[field], row["id"]), reverse=query.get("order") != "asc")
    return page.wrap(rows[page.offset : page.offset + page.size if page.size else None], len(rows), query=text)


def one(connection: sqlite3.Connection, list_id: int, *, stale: bool = False) -> dict[str, Any]:
    """400 when there is no such list."""
    row = connection.execute(statements("lists")["one"], (list_id,)).fetchone()
    if row is None:
        raise ApiError(400, "List not found")
    return _object(row, {} if stale else _counts(connection).get(list_id, {}))


def create(connection: sqlite3.Connection, body: Mapping[str, Any], now: int) -> int:
    """The new list's id. A name may be used twice."""
    name = body.get("name")
    if not isinstance(name, str) or not 0 < len(name) < _MAX_NAME:
        raise ApiError(400, "Invalid name")
    for kind, allowed in _KINDS.items():
        if body.get(kind, allowed[0]) not in allowed:
            raise ApiError(500, f'Error creating list: pq: invalid input value for enum list_{kind}: "{body[kind]}"')
    fields = {
        "uuid": str(uuid4()),
        "name": name,
        "type": body.get("type", "private"),
        "optin": body.get("optin", "single"),
        "tags": dumps(body.get("tags") or []),
        "description": str(body.get("description") or ""),
        "now": now,
    }
    added = connection.execute(statements("lists")["insert"], fields).lastrowid
    if added is None:
        raise RuntimeError("the new list has no id")
    return added


def delete(connection: sqlite3.Connection, list_ids: list[int]) -> None:
    """Its subscribers stay; no list of that id is no error."""
    connection.execute(statements("lists")["delete"], (ids(list_ids),))


def _counts(connection: sqlite3.Connection) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = {}
    for row in connection.execute(statements("lists")["counts"]):
        counts.setdefault(row["list_id"], {})[row["status"]] = row["subscribers"]
    return counts


def _object(row: sqlite3.Row, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "created_at": zulu(row["created_at"]),
        "updated_at": zulu(row["updated_at"]),
        "uuid": row["uuid"],
        "name": row["name"],
        "type": row["type"],
        "optin": row["optin"],
        "status": row["status"],
        "tags": json.loads(row["tags"]),
        "description": row["description"],
        "subscriber_count": sum(counts.values()),
        "subscriber_statuses": dict(counts),
        "subscription_created_at": None,
        "subscription_updated_at": None,
    }
