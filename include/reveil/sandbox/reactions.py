"""Reactions become visible: opens, clicks, unsubscribes and bounces, each at its own instant."""

from __future__ import annotations

import json
import sqlite3
from uuid import uuid4

from reveil.sandbox.store import statements

_BOUNCE = {"bounced_hard": "hard", "bounced_soft": "soft", "complained": "complaint"}
_KEPT = {"hard": 1, "soft": 2, "complaint": 1}
"""Bounces of one kind that are recorded of one subscriber; the server's default settings."""

_BLOCKING = {"hard", "complaint"}


def materialise(connection: sqlite3.Connection, until: int, *, tracking: bool) -> None:
    """All that is due up to an instant. Without `tracking` opens and clicks have no name."""
    due = {"until": until, "tracking": tracking}
    connection.execute(statements("reactions")["opens"], due)
    connection.execute(statements("reactions")["clicks"], due)
    for row in connection.execute(statements("reactions")["objections"], due).fetchall():
        if row["kind"] == "unsubscribed":
            unsubscribe(connection, row["campaign_id"], row["subscriber_id"], row["due"])
        else:
            kind = _BOUNCE[row["kind"]]
            bounce(connection, row["subscriber_id"], row["campaign_id"], kind, "sandbox", {}, row["due"])
    connection.execute(statements("reactions")["forget"], (until,))


def unsubscribe(connection: sqlite3.Connection, campaign_id: int, subscriber_id: int, at: int) -> None:
    """One click: from the lists of the campaign, and from these only."""
    values = {"id": subscriber_id, "campaign_id": campaign_id, "now": at}
    connection.execute(statements("subscribers")["unsubscribe_from_campaign"], values)


def bounce(
    connection: sqlite3.Connection,
    subscriber_id: int,
    campaign_id: int | None,
    kind: str,
    source: str,
    meta: object,
    at: int,
) -> None:
    """Hard bounces and complaints blocklist. Of a blocklisted subscriber nothing more is recorded, and of
    soft bounces the first two."""
    who = connection.execute("select status from subscribers where id = ?", (subscriber_id,)).fetchone()
    known = connection.execute(statements("reactions")["bounces_so_far"], (subscriber_id, kind)).fetchone()[0]
    if who is None or who["status"] == "blocklisted" or known >= _KEPT[kind]:
        return
    values = {
        "subscriber_id": subscriber_id,
        "campaign_id": campaign_id,
        "type": kind,
        "source": source,
        "meta": json.dumps(meta),
        "created_at": at,
    }
    connection.execute(statements("reactions")["add_bounce"], values)
    if kind in _BLOCKING:
        connection.execute(statements("reactions")["block_bounced"], (subscriber_id,))


def link_id(connection: sqlite3.Connection, url: str) -> int:
    """The id of a tracked link, registered when it is first seen."""
    connection.execute(statements("reactions")["add_link"], (str(uuid4()), url))
    found: int = connection.execute("select id from links where url = ?", (url,)).fetchone()["id"]
    return found
