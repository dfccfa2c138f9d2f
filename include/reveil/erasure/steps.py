"""The steps of a run, in order. Each can be killed anywhere and taken again: it looks at what is there first."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from reveil import permission
from reveil.checkpoint import sync
from reveil.compliance import Compliance, Suppression
from reveil.erasure.at_esp import erase_at_esp
from reveil.erasure.landing import sweep_landing
from reveil.erasure.ledger import record
from reveil.erasure.proof import verify
from reveil.erasure.rewrite import rewrite
from reveil.erasure.state import Person, RunFolder, State, write_private
from reveil.erasure.sweep import sweep_traces
from reveil.erasure.targets import targets
from reveil.erasure.values import Values
from reveil.errors import Refused
from reveil.esp.base import Esp
from reveil.publish import publish
from reveil.settings import Settings
from reveil.settled import take_out
from reveil.transform import build, tables
from reveil.warehouse import Warehouse, sql, staged

_DAYS_A_YEAR = 365
_COLUMNS = ("contact_id", "reason", "last_contact_at", "clicks")


@dataclass
class Run:
    """What the steps of one erasure share."""

    settings: Settings
    esp: Esp
    folder: RunFolder
    now: datetime

    @cached_property
    def people(self) -> list[Person]:
        return self.folder.people()

    @property
    def erased(self) -> list[Person]:
        """Whose rows went: known once the step that deletes them is done."""
        gone = set(self.folder.noted("erased"))
        return [one for one in self.people if one.contact_id in gone]

    @property
    def values(self) -> Values:
        return Values(frozenset(one.contact_id for one in self.erased), frozenset(self.folder.noted("addresses")))


Facts = Mapping[str, Any]


def freeze(run: Run, state: State) -> Facts:
    """From here on nobody on the list is mailed."""
    with _warehouse(run, "erase: freeze", run.people) as connection:
        connection.execute(sql("erase_freeze"), {"run_id": state.run_id, "as_of": state.as_of})
    return {"listed": len(run.people)}


def suppress(run: Run, state: State) -> Facts:
    """Nobody on the list comes back by a later import."""
    years = run.settings.erasure.suppression_years
    expires_on = state.as_of.date() + timedelta(days=years * _DAYS_A_YEAR)
    people = [Suppression(one.contact_id, one.address, one.reason, one.had_objected) for one in run.people]
    compliance = Compliance(run.settings)
    with compliance.write("erase: suppress") as connection:
        compliance.add_suppressions(connection, state.run_id, people, erased_at=state.as_of, expires_on=expires_on)
    return {}


def tell_esp(run: Run, _: State) -> Facts:
    """Erased at the provider, or waiting for it."""
    permission.require_not_paused(run.settings)
    why = erase_at_esp(run.esp, run.folder, run.people)
    waiting = len(run.people) - len(run.folder.noted("confirmed"))
    return {"waiting": waiting, "waiting_why": why if waiting else None}


def delete(run: Run, state: State) -> Facts:
    """One transaction: who came back stays, orders into the archive, what they contributed into the totals, their
    rows gone from every target."""
    confirmed = set(run.folder.noted("confirmed"))
    going = [one for one in run.people if one.contact_id in confirmed]
    with _warehouse(run, "erase: delete", going) as connection:
        if not _is_deleted(connection, state):
            kept, addresses = _who_stays(connection, run, state)
            run.folder.note("came_back", kept)
            run.folder.note("addresses", addresses)
            _delete(connection, run, state)
        counts = dict(
            connection.execute(
                "select table_name, total from journal.erasure_counts where run_id = ? order by 1", [state.run_id]
            ).fetchall()
        )
    kept = run.folder.noted("came_back")
    run.folder.note("erased", [one.contact_id for one in going if one.contact_id not in set(kept)])
    _settle_suppressions(run, state)
    return {"came_back": len(kept), "erased": counts.pop("erased", 0), "counts": counts}


def _is_deleted(connection: duckdb.DuckDBPyConnection, state: State) -> bool:
    query = "select count(*) from journal.erasure_counts where run_id = ?"
    return bool(connection.execute(query, [state.run_id]).fetchall()[0][0])


def _who_stays(connection: duckdb.DuckDBPyConnection, run: Run, state: State) -> tuple[list[str], list[str]]:
    """Contacts who came back, and every spelling of the others' addresses that nobody else has."""
    connection.begin()
    values = {"as_of": state.as_of, "ahead_days": run.settings.erasure.ahead_days}
    kept = [one for (one,) in connection.execute(sql("erase_came_back"), values).fetchall()]
    connection.execute("create temp table kept as select unnest(?::varchar[]) as contact_id", [kept])
    connection.execute(sql("erase_going"))
    spellings = [(one.contact_id, spelling) for one in run.people for spelling in one.spellings]
    with staged(connection, "spellings", ("contact_id", "address"), spellings):
        rows = connection.execute(sql("erase_addresses")).fetchall()
    return kept, sorted({address.strip().lower() for (address,) in rows})


def _delete(connection: duckdb.DuckDBPyConnection, run: Run, state: State) -> None:
    """Inside the transaction that `_who_stays` began."""
    addresses = [(one,) for one in run.folder.noted("addresses")]
    subscribers = [(esp_id,) for one in run.people for esp_id in one.esp_ids]
    counts: dict[str, int] = {"erased": connection.execute("select count(*) from going").fetchall()[0][0]}
    erasure = run.settings.erasure
    archive = {"years": erasure.archive_years, "last_month": erasure.fiscal_year_ends_in_month}
    counts["archive.orders"] = connection.execute(sql("erase_archive"), archive).fetchall()[0][0]
    ended = connection.execute("delete from archive.orders where keep_until < ?", [state.as_of.date()])
    counts["archive.orders, kept long enough"] = ended.fetchall()[0][0]
    # before rows are handed on: those are settled for who gets them only when all is settled anew
    take_out(connection, "contact_id in (select contact_id from going)")
    connection.execute(sql("erase_hand_on"))
    connection.execute(sql("erase_totals"))
    connection.execute(sql("erase_verdicts"), {"as_of": state.as_of})
    connection.execute(sql("erase_budgets"))
    with (
        staged(connection, "gone_addresses", ("address",), addresses),
        staged(connection, "gone_subscribers_now", ("esp_id",), subscribers),
    ):
        connection.execute("create temp table gone_subscribers as select distinct esp_id from gone_subscribers_now")
        for target in targets(tables(run.settings)):
            statement = f"delete from {target.name} where {target.condition}"
            counts[target.name] = connection.execute(statement).fetchall()[0][0]
    connection.execute(
        "delete from journal.erasure_freezes where run_id = ? and contact_id in (select contact_id from kept)",
        [state.run_id],
    )
    if not counts["erased"]:
        counts = {}  # a later run of this name has all to do
    counts_query = "insert into journal.erasure_counts (run_id, table_name, total) values (?, ?, ?)"
    for name, total in counts.items():
        connection.execute(counts_query, [state.run_id, name, total])
    connection.commit()


def _settle_suppressions(run: Run, state: State) -> None:
    compliance = Compliance(run.settings)
    hmacs = [(one,) for one in compliance.hmacs([one.contact_id for one in run.erased])]
    with (
        compliance.write("erase: settle suppressions") as connection,
        staged(connection, "erased_now", ("contact_hmac",), hmacs),
    ):
        for statement in ("erase_withdraw", "erase_final"):
            connection.execute(sql(statement), {"run_id": state.run_id})


def sweep(run: Run, _: State) -> Facts:
    """Landing files lose the rows; whatever else holds a value and is only a trace is removed."""
    rows = sweep_landing(run.settings, run.values)
    removed = sweep_traces(run.settings, run.values)
    return {"landing_rows": rows, "traces_removed": removed}


def rebuild(run: Run, state: State) -> Facts:
    """The models are made anew from what is left, for the night that they were of."""
    with Warehouse(run.settings).read("erase: night of the marts") as connection:
        night = permission.marts_night(connection)
    build(run.settings, max(night or state.as_of, state.as_of))
    return {}


def renew(run: Run, _: State) -> Facts:
    """A new warehouse file without what was deleted, in the old one's place."""
    before, after = rewrite(run.settings)
    return {"digest_before": before, "digest_after": after}


def republish(run: Run, _: State) -> Facts:
    publish(run.settings)
    return {}


def prove(run: Run, state: State) -> Facts:
    """Raises Refused naming the places where something is still found."""
    spare = (run.settings.erasure_runs.resolve(), run.settings.outbox.resolve())
    seen = verify(run.settings, run.values, tables(run.settings), spare)
    if seen.found:
        told = ", ".join(f"{place} ({count})" for place, count in list(seen.places.items())[:20])
        raise Refused(
            f"{state.run_id}: {seen.found} values of erased people are still found: {told}; "
            "remove them there and run again: the run goes on with the search"
        )
    return {"verification": seen.figures()}


def write_record(run: Run, state: State) -> Facts:
    record(run.settings, state, run.erased, run.now)
    return {}


def tell_source(run: Run, state: State) -> Facts:
    """Ids for whoever keeps the CRM: what is not erased there comes in again with every export."""
    file = outbox_file(run.settings, state.run_id)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("contact_id", "reason", "erased_as_of"))
    writer.writerows((one.contact_id, one.reason, state.as_of.date().isoformat()) for one in run.erased)
    write_private(file, text.getvalue())
    sync(file.parent)
    return {}


def outbox_file(settings: Settings, run_id: str) -> Path:
    return settings.outbox / f"erasures_{run_id}.csv"


STEPS: dict[str, Callable[[Run, State], Facts]] = {
    "freeze": freeze,
    "suppress": suppress,
    "tell the provider": tell_esp,
    "delete": delete,
    "sweep": sweep,
    "rebuild": rebuild,
    "new file": renew,
    "publish": republish,
    "verify": prove,
    "record": write_record,
    "tell the source": tell_source,
}
"""In order; the folder is removed after the last."""


@contextmanager
def _warehouse(run: Run, purpose: str, people: list[Person]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for writing, with the people as the temporary table `erasing`."""
    rows = [(one.contact_id, one.reason, one.last_contact_at, str(one.clicks)) for one in people]
    with Warehouse(run.settings).write(purpose) as connection:
        with staged(connection, "people_now", _COLUMNS, rows):
            connection.execute("create temp table erasing as select * from people_now")
        yield connection
