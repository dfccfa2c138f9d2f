"""Guards of the sender's name: which mailbox providers get nothing, and who said so.

A halt, by a person or by a rate at its limit, stands in journal.guard_changes and holds until a person lifts it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal

import duckdb

from reveil.errors import BadInput
from reveil.esp.base import Esp
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql

Change = Literal["halt", "lift"]

_NOTE = "insert into journal.guard_changes (provider, change, why, is_automatic, as_of) values (?, ?, ?, ?, ?)"


def halted_providers(warehouse: Warehouse, until: datetime | None = None) -> set[str]:
    """Mailbox providers that get nothing now, or at `until`; for the last look before a start.

    Beside what stands in the journal, the figures of the build are looked at again, with everything sent and heard
    of since.
    A rate that reaches its limit only now is recorded as a halt.
    """
    with warehouse.read("push: guards") as connection:
        fresh = connection.execute(sql("fresh_halts"), {"until": until}).fetchall()
        (as_of,) = connection.execute("select max(as_of) from marts.deliverability").fetchall()[0]
        halted = _halted(connection)
    if fresh:
        with warehouse.write("push: record a halt") as connection:
            connection.executemany(_NOTE, [(provider, "halt", why, True, as_of) for provider, why in fresh])
    return halted | {provider for provider, _ in fresh}


def record_halts(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Write the halts that tonight's figures ask for into the journal; the new ones, provider and why."""
    return connection.execute(sql("record_halts")).fetchall()


def change_guard(
    settings: Settings,
    change: Change,
    provider: str,
    why: str,
    as_of: datetime,
    connected: Callable[[], AbstractContextManager[Esp]],
) -> Report:
    """Halt a mailbox provider or let it go again, by a person's word. A halt pauses the campaigns at the e-mail
    service that are on their way to it, too; they are other providers' as well, so the next push lets them go on
    without it.

    Raises BadInput for a provider that no contact's mailbox has.
    """
    warehouse = Warehouse(settings)
    with warehouse.write(f"guard {change}") as connection:
        connection.begin()
        _require_known(connection, provider)
        connection.execute(_NOTE, [provider, change, why, False, as_of])
        # noted before it is done: a pause that nobody knows of would last for good
        under_way = _note_pauses(connection, provider, as_of) if change == "halt" else []
        connection.commit()
    if change == "lift":
        told = f"{provider}: lifted; it is halted again when what is sent from now on reaches a limit"
        return Report("guard", (told,), {"provider": provider, "change": change})
    paused = [campaign_id for _, campaign_id in under_way]
    if paused:
        with connected() as esp:
            for campaign_id in paused:
                esp.pause(campaign_id)
    lines = [f"{provider}: halted; nothing is planned or started for it until `reveil guard lift {provider}`"]
    lines += [
        f"campaign {campaign_id} at the e-mail service: paused if it was running; the next push takes {provider} off"
        for campaign_id in paused
    ]
    return Report("guard", tuple(lines), {"provider": provider, "change": change, "paused": paused})


def _note_pauses(connection: duckdb.DuckDBPyConnection, provider: str, as_of: datetime) -> list[tuple[str, str]]:
    """Batch key and campaign id of what is on its way to the provider, each noted as paused."""
    under_way = connection.execute(sql("guard_campaigns"), {"provider": provider}).fetchall()
    for batch_key, campaign_id in under_way:
        connection.execute(
            "insert into journal.batch_events (batch_key, event, esp_campaign_id, as_of) values (?, 'paused', ?, ?)",
            [batch_key, campaign_id, as_of],
        )
    return under_way


def _halted(connection: duckdb.DuckDBPyConnection) -> set[str]:
    states = connection.execute(sql("guard_states")).fetchall()
    return {provider for provider, change, _ in states if change == "halt"}


def _require_known(connection: duckdb.DuckDBPyConnection, provider: str) -> None:
    try:
        rows = connection.execute("select distinct provider from marts.deliverability order by 1").fetchall()
    except duckdb.CatalogException:
        raise BadInput("no marts yet; run `reveil build` first") from None
    known = [name for (name,) in rows]
    if provider not in known:
        raise BadInput(f"{provider}: no such mailbox provider; one of {', '.join(known)}")
