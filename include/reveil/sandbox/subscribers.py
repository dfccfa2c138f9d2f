"""Subscribers and their subscriptions, row by row and in pages.

A page of 10,000 must not take seconds, so answers are put together as text: what a subscriber's lists have in
common is written once per page.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from reveil.sandbox import addresses, lists
from reveil.sandbox.clock import offset, zulu
from reveil.sandbox.query import Where
from reveil.sandbox.store import ids, statements
from reveil.sandbox.wire import ApiError, Page, canonical, quoted

_SORTED_BY = {"email", "status", "name", "created_at", "updated_at"}
_PLAIN = re.compile(r"[\w@.-]+", re.ASCII)
STATUSES = {"enabled", "disabled", "blocklisted"}


@dataclass(frozen=True)
class Filter:
    """What GET /api/subscribers is asked for."""

    list_ids: Sequence[int] = ()
    subscription_status: str = ""
    search: str = ""
    where: Where | None = None
    order_by: str = "id"
    order: str = "desc"


@dataclass(frozen=True)
class _Selection:
    """Subscribers that fit a filter: the FROM and WHERE of a statement, and its parameters."""

    key: str
    sql: str
    parameters: tuple[Any, ...]


def page(connection: sqlite3.Connection, wanted: Filter, page: Page) -> tuple[list[int], int]:
    """The ids of one page, in order, and how many there are in all."""
    selection = _select(wanted)
    distinct = "distinct " if len(wanted.list_ids) > 1 else ""
    count = f"select count({distinct}{selection.key}) {selection.sql}"
    total: int = connection.execute(count, selection.parameters).fetchone()[0]
    order = "asc" if wanted.order == "asc" else "desc"
    first = f"subscribers.{wanted.order_by} {order}, " if wanted.order_by in _SORTED_BY else ""
    order_by = f"order by {first}{selection.key} {order} limit ? offset ?"
    statement = f"select {distinct}{selection.key} {selection.sql} {order_by}"
    rows = connection.execute(statement, (*selection.parameters, page.limit, page.offset))
    return [row[0] for row in rows], total


def matching(connection: sqlite3.Connection, wanted: Filter) -> list[int]:
    """The ids of all who fit."""
    return page(connection, wanted, Page(1, 0))[0]


def _select(wanted: Filter) -> _Selection:
    conditions: list[str] = []
    parameters: list[Any] = []
    if wanted.list_ids:
        # one list is read in the order of its index; only several have to be sorted
        many = len(wanted.list_ids) > 1
        member = "in (select value from json_each(?))" if many else "= ?"
        conditions.append(f"subscriber_lists.list_id {member}")
        parameters.append(ids(wanted.list_ids) if many else wanted.list_ids[0])
        if wanted.subscription_status:
            conditions.append("subscriber_lists.status = ?")
            parameters.append(wanted.subscription_status)
    for where in filter(None, (_search(wanted.search), wanted.where)):
        conditions.append(where.sql)
        parameters.extend(where.parameters)
    condition = f" where {' and '.join(conditions)}" if conditions else ""
    key, source = _source(wanted)
    return _Selection(key, f"from {source}{condition}", tuple(parameters))


def _source(wanted: Filter) -> tuple[str, str]:
    """The key and the tables that are needed, no more: a list's members alone are read from one index."""
    if not wanted.list_ids:
        # without a list the server joins no subscription at all, and conditions on them find nobody
        nothing = " left join subscriber_lists on false" if wanted.where and wanted.where.reads_subscriptions else ""
        return "subscribers.id", f"subscribers{nothing}"
    if wanted.search or wanted.where or wanted.order_by in _SORTED_BY:
        join = "inner join subscribers on subscribers.id = subscriber_lists.subscriber_id"
        return "subscribers.id", f"subscriber_lists {join}"
    return "subscriber_lists.subscriber_id", "subscriber_lists"


def _search(text: str) -> Where | None:
    """The server takes the text for a regular expression over name and address; a dot is any character."""
    if not text:
        return None
    if _PLAIN.fullmatch(text):
        like = "%" + text.replace("_", "\\_").replace(".", "_") + "%"
        return Where("(subscribers.name like ? escape '\\' or subscribers.email like ? escape '\\')", (like, like))
    try:
        re.compile(text)
    except re.error as error:
        raise ApiError(400, f"Error preparing subscriber query: pq: invalid regular expression: {error}") from None
    return Where("(subscribers.name regexp ? or subscribers.email regexp ?)", (text, text))


def as_json(connection: sqlite3.Connection, wanted: Sequence[int]) -> str:
    """The subscribers of these ids, in this order, as a JSON array."""
    key = ids(wanted)
    rows = {row["id"]: row for row in connection.execute(statements("subscribers")["by_ids"], (key,))}
    joined = _subscriptions(connection, key)
    return "[" + ",".join(_object(rows[one], joined.get(one, [])) for one in wanted if one in rows) + "]"


def one_as_json(connection: sqlite3.Connection, subscriber_id: int) -> str:
    found = as_json(connection, [subscriber_id])
    if found == "[]":
        raise ApiError(400, f"Subscriber ({subscriber_id}: ) not found")
    return found[1:-1]


def _subscriptions(connection: sqlite3.Connection, key: str) -> dict[int, list[str]]:
    tails = {one["id"]: _list_tail(one) for one in connection.execute(statements("lists")["all"])}
    joined: dict[int, list[str]] = {}
    for who, list_id, status, created_at, updated_at in connection.execute(
        statements("subscribers")["subscriptions_of"], (key,)
    ):
        joined.setdefault(who, []).append(
            f'{{"subscription_status":"{status}","subscription_created_at":"{offset(created_at)}",'
            f'"subscription_updated_at":"{offset(updated_at)}","subscription_meta":{{}},{tails[list_id]}'
        )
    return joined


def _list_tail(row: sqlite3.Row) -> str:
    return (
        f'"id":{row["id"]},"uuid":"{row["uuid"]}","name":{quoted(row["name"])},"type":"{row["type"]}",'
        f'"optin":"{row["optin"]}","status":"{row["status"]}","tags":{row["tags"]},'
        f'"description":{quoted(row["description"])},"created_at":"{offset(row["created_at"])}",'
        f'"updated_at":"{offset(row["updated_at"])}"}}'
    )


def _object(row: sqlite3.Row, joined: Iterable[str]) -> str:
    who, uuid, email, name, attribs, status, created_at, updated_at = row
    return (
        f'{{"id":{who},"created_at":"{zulu(created_at)}","updated_at":"{zulu(updated_at)}","uuid":"{uuid}",'
        f'"email":{quoted(email)},"name":{quoted(name)},"attribs":{attribs},"status":"{status}",'
        f'"lists":[{",".join(joined)}]}}'
    )


def create(connection: sqlite3.Connection, body: Mapping[str, Any], now: int) -> int:
    """A new subscriber; the id. 409 when the address is there already."""
    email = _address(body)
    fields: dict[str, Any] = {
        "uuid": str(uuid4()),
        "email": email,
        "name": str(body.get("name") or "").strip() or addresses.name_from(email),
        "attribs": canonical(_attribs(body) or {}),
        "status": _status(body) or "enabled",
        "now": now,
    }
    try:
        added = connection.execute(statements("subscribers")["insert"], fields).lastrowid
    except sqlite3.IntegrityError:
        raise ApiError(409, "E-mail already exists.") from None
    if added is None:
        raise RuntimeError("the new subscriber has no id")
    add(connection, [added], lists.wanted(body), _first_status(body, fields["status"]), now)
    return added


def change(connection: sqlite3.Connection, who: int, body: Mapping[str, Any], now: int, whole: bool) -> None:
    """PUT (`whole`) replaces attributes and lists; PATCH merges attributes and leaves the rest alone."""
    row = connection.execute(statements("subscribers")["by_ids"], (ids([who]),)).fetchone()
    if row is None:
        raise ApiError(400, f"Subscriber ({who}: ) not found")
    kept = json.loads(row["attribs"])
    given = _attribs(body)
    attribs = kept if given is None else given if whole else {**kept, **given}
    fields: dict[str, Any] = {
        "id": who,
        "email": _address(body) if whole or "email" in body else row["email"],
        "name": str(body.get("name") or "").strip() or row["name"],
        "attribs": canonical(attribs),
        "status": _status(body) or row["status"],
        "now": now,
    }
    try:
        connection.execute(statements("subscribers")["update"], fields)
    except sqlite3.IntegrityError:
        raise ApiError(409, "E-mail already exists.") from None
    if whole or "lists" in body:
        _set_lists(connection, who, body, fields["status"], now)


def _set_lists(connection: sqlite3.Connection, who: int, body: Mapping[str, Any], status: str, now: int) -> None:
    wanted = lists.wanted(body)
    connection.execute(statements("subscribers")["keep_only"], {"id": who, "lists": ids(wanted)})
    add(connection, [who], wanted, _first_status(body, status), now, replace=status == "blocklisted")


def add(
    connection: sqlite3.Connection, who: Sequence[int], list_ids: Sequence[int], status: str, now: int, *,
    replace: bool = False,
) -> None:  # fmt: skip
    """Put subscribers on lists. Who is on one already keeps the status there unless `replace`."""
    values = {"ids": ids(who), "lists": ids(list_ids), "status": status, "replace": replace, "now": now}
    connection.execute(statements("subscribers")["subscribe"], values)


def blocklist(connection: sqlite3.Connection, who: Sequence[int], now: int) -> None:
    """By hand: every subscription ends, too."""
    values = {"ids": ids(who), "now": now}
    connection.execute(statements("subscribers")["blocklist"], values)
    connection.execute(statements("subscribers")["unsubscribe_everywhere"], values)


def leave(
    connection: sqlite3.Connection, who: Sequence[int], list_ids: Sequence[int], now: int, *, forget: bool
) -> None:
    """Off these lists: unsubscribed, or with `forget` as if they had never been on them."""
    values = {"ids": ids(who), "lists": ids(list_ids), "now": now}
    connection.execute(statements("subscribers")["remove" if forget else "unsubscribe"], values)


def leave_for_good(connection: sqlite3.Connection, who: int, now: int) -> None:
    """By the recipient's own word on the page: blocklisted, off every list; updated_at does not move."""
    connection.execute(statements("reactions")["block_bounced"], (who,))
    connection.execute(statements("subscribers")["leave_everything"], {"id": who, "now": now})


def delete(connection: sqlite3.Connection, who: Sequence[int]) -> None:
    """Opens and clicks stay, without a name."""
    connection.execute(statements("subscribers")["delete"], (ids(who),))


def _first_status(body: Mapping[str, Any], status: str) -> str:
    if status == "blocklisted":
        return "unsubscribed"
    return "confirmed" if body.get("preconfirm_subscriptions") else "unconfirmed"


def _address(body: Mapping[str, Any]) -> str:
    address = addresses.sanitize(str(body.get("email") or ""))
    if address is None:
        raise ApiError(400, "Invalid email.")
    return address


def _status(body: Mapping[str, Any]) -> str:
    status = str(body.get("status") or "")
    if status and status not in STATUSES:
        raise ApiError(
            500, f'Error creating subscriber: pq: invalid input value for enum subscriber_status: "{status}"'
        )
    return status


def _attribs(body: Mapping[str, Any]) -> dict[str, Any] | None:
    attribs = body.get("attribs")
    if attribs is not None and not isinstance(attribs, dict):
        raise ApiError(400, "Unmarshal type error: expected=models.JSON, field=attribs")
    return attribs
