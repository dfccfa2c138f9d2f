"""A small warehouse with a regular audience made by hand, and a provider whose writing calls are counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pushing import NIGHT, adapter
from sandboxes import control

from reveil.esp.listmonk import Listmonk
from reveil.push import sync_regular
from reveil.push.regular import FREQUENCIES, list_name
from reveil.report import Report
from reveil.sandbox import SandboxHandle
from reveil.settings import Settings
from reveil.warehouse import Warehouse

WRITING = ("create_list", "upload", "remove_members", "suppress")
AUDIENCE = "create or replace table marts.regular_audience (contact_id varchar, as_of timestamp, frequency varchar)"


def is_to_get(settings: Settings, audience: dict[str, str], as_of: datetime = NIGHT) -> None:
    """Make this the audience of the night: frequency per contact."""
    with Warehouse(settings).write("test") as connection:
        connection.execute("update marts.contact_status set as_of = ?", [as_of])
        connection.execute(AUDIENCE)
        if audience:
            rows = [(contact_id, as_of, frequency) for contact_id, frequency in audience.items()]
            connection.executemany("insert into marts.regular_audience values (?, ?, ?)", rows)


def change(settings: Settings, statement: str, *values: Any) -> None:
    with Warehouse(settings).write("test") as connection:
        connection.execute(statement, list(values))


def sync(settings: Settings, as_of: datetime = NIGHT) -> Report:
    return sync_regular(settings, adapter(settings), as_of, now=as_of)


def sync_counting(settings: Settings, as_of: datetime = NIGHT) -> list[tuple[str, int]]:
    """Sync, and tell the writing calls: name and how many contacts each was about."""
    calls: list[tuple[str, int]] = []

    class Counting(Listmonk):
        def __getattribute__(self, name: str) -> Any:
            found = super().__getattribute__(name)
            return _counted(found, name, calls) if name in WRITING else found

    esp = adapter(settings)
    esp.__class__ = Counting
    sync_regular(settings, esp, as_of, now=as_of)
    return calls


def _counted(method: Any, name: str, calls: list[tuple[str, int]]) -> Any:
    def call(*arguments: Any) -> Any:
        people = list(arguments[-1]) if name != "create_list" else []
        calls.append((name, len(people)))
        return method(*arguments[:-1], people) if people else method(*arguments)

    return call


def on_lists(settings: Settings, handle: SandboxHandle) -> dict[str, list[str]]:
    """Who stands on which list, by the provider: the part of the address before the @."""
    lists = {one["name"]: one["id"] for one in control(handle, "GET", "/api/lists", per_page="all")["results"]}
    return {
        frequency: sorted(
            member.address.partition("@")[0] for member in adapter(settings).members(str(lists[list_name(frequency)]))
        )
        for frequency in FREQUENCIES
        if list_name(frequency) in lists
    }
