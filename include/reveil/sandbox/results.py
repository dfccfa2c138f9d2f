"""What came back: exports of opens and clicks, bounces, and all that is known of one subscriber."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import QueryParams

from reveil.sandbox.clock import local, offset, seconds, zulu
from reveil.sandbox.store import ids, statements
from reveil.sandbox.wire import NOTHING_FOUND, ApiError, Page

_WHO = (
    "campaign_id",
    "campaign_uuid",
    "campaign_name",
    "subscriber_id",
    "subscriber_uuid",
    "email",
    "subscriber_name",
)
EXPORTS = {"views": (*_WHO, "created_at"), "clicks": (*_WHO, "url", "created_at")}
_BOUNCES_SORTED_BY = {
    "email": "subscribers.email",
    "campaign_name": "campaigns.name",
    "source": "bounces.source",
    "type": "bounces.type",
    "created_at": "bounces.created_at",
}


def export(connection: sqlite3.Connection, kind: str, since: int) -> str:
    """Opens (`views`) or clicks from an instant on, itself included, as CSV with whole seconds. An erased
    subscriber has id 0 and no address."""
    rows = connection.execute(statements("results")[f"export_{kind}"], (since,))
    return _csv(EXPORTS[kind], ((*row[:-1], seconds(row[-1])) for row in rows))


def subscribers_csv(connection: sqlite3.Connection, wanted: list[int]) -> str:
    """GET /api/subscribers/export."""
    rows = connection.execute(statements("subscribers")["by_ids"] + " order by id", (ids(wanted),))
    header = ("uuid", "email", "name", "attributes", "status", "created_at", "updated_at")
    return _csv(header, (_subscriber_row(row) for row in rows))


def _subscriber_row(row: sqlite3.Row) -> tuple[str, ...]:
    attributes = json.dumps(json.loads(row["attribs"]), ensure_ascii=False)
    instants = (f"{local(row[name]).replace('T', ' ')} +0000 UTC" for name in ("created_at", "updated_at"))
    return (row["uuid"], row["email"], row["name"], attributes, row["status"], *instants)


def bounces(connection: sqlite3.Connection, query: QueryParams, page: Page) -> dict[str, Any]:
    """GET /api/bounces, soft bounces and complaints among them."""
    campaign = query.get("campaign_id", "")
    values: dict[str, Any] = {
        "campaign_id": int(campaign) if campaign.isdigit() else 0,
        "source": query.get("source", ""),
        "limit": page.limit,
        "offset": page.offset,
    }
    base = statements("results")["bounces"]
    total = connection.execute(f"select count(*) from ({base})", values).fetchone()[0]
    order = "asc" if query.get("order") == "asc" else "desc"
    by = _BOUNCES_SORTED_BY.get(query.get("order_by", ""), "bounces.created_at")
    statement = f"{base} order by {by} {order}, bounces.id {order} limit :limit offset :offset"
    rows = connection.execute(statement, values).fetchall()
    return page.wrap([_bounce(row) for row in rows], total) if rows else NOTHING_FOUND


def _bounce(row: sqlite3.Row) -> dict[str, Any]:
    has_campaign = row["campaign_id"] is not None
    return {
        "id": row["id"],
        "type": row["type"],
        "source": row["source"],
        "meta": json.loads(row["meta"]),
        "created_at": zulu(row["created_at"]),
        "email": row["email"],
        "subscriber_uuid": row["subscriber_uuid"],
        "subscriber_id": row["subscriber_id"],
        "subscriber_status": row["subscriber_status"],
        "campaign": {"id": row["campaign_id"], "name": row["campaign_name"]} if has_campaign else None,
    }


def profile(connection: sqlite3.Connection, who: int) -> str:
    """GET /api/subscribers/{id}/export: all data of one subscriber, private lists without their names."""
    row = connection.execute(statements("subscribers")["by_ids"], (ids([who]),)).fetchone()
    if row is None:
        reason = 'sql: Scan error on column index 0, name "email": converting NULL to string is unsupported'
        raise ApiError(500, f"Error fetching subscribers: {reason}")
    document = {
        "profile": [_profile_row(row)],
        "subscriptions": _subscriptions(connection, who),
        "campaign_views": [
            {"campaign": one["subject"], "views": one["views"]}
            for one in connection.execute(statements("subscribers")["views_of"], (who,))
        ],
        "link_clicks": [
            {"url": one["url"], "clicks": one["clicks"]}
            for one in connection.execute(statements("subscribers")["clicks_of"], (who,))
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _profile_row(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "uuid": row["uuid"],
        "email": row["email"],
        "name": row["name"],
        "attribs": json.loads(row["attribs"]),
        "status": row["status"],
        "created_at": offset(row["created_at"]),
        "updated_at": offset(row["updated_at"]),
    }


def _subscriptions(connection: sqlite3.Connection, who: int) -> list[dict[str, Any]]:
    lists = {row["id"]: row for row in connection.execute(statements("lists")["all"])}
    found = []
    for row in connection.execute(statements("subscribers")["subscriptions_of"], (ids([who]),)):
        joined = lists[row["list_id"]]
        found.append(
            {
                "subscription_status": row["status"],
                "name": "Private list" if joined["type"] == "private" else joined["name"],
                "type": joined["type"],
                "created_at": offset(row["created_at"]),
            }
        )
    return found


def activity(connection: sqlite3.Connection, who: int) -> dict[str, Any]:
    """GET /api/subscribers/{id}/activity."""
    views = connection.execute(statements("subscribers")["views_of"], (who,))
    clicks = connection.execute(statements("subscribers")["clicks_of"], (who,))
    return {
        "campaign_views": [
            {
                **{name: row[name] for name in ("id", "uuid", "name", "subject")},
                "view_count": row["views"],
                "last_viewed_at": offset(row["last_at"]),
            }
            for row in views
        ],
        "link_clicks": [
            {
                "link_id": row["link_id"],
                "url": row["url"],
                **{f"campaign_{name}": row[name] for name in ("id", "uuid", "name", "subject")},
                "click_count": row["clicks"],
                "last_clicked_at": offset(row["last_at"]),
            }
            for row in clicks
        ],
    }


def _csv(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()
