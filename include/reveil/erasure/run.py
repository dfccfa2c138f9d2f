"""The verb `erase`: who is due goes, step by step; what was interrupted goes on first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import duckdb

from reveil import permission
from reveil.compliance import Compliance
from reveil.erasure.due import due_list
from reveil.erasure.state import REASONS, Kind, Person, RunFolder, State
from reveil.erasure.steps import STEPS, Run
from reveil.errors import NeedsApproval, Refused
from reveil.esp.base import Esp, EspUnavailable
from reveil.load import freshness, origin_of
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, hold, sql

log = logging.getLogger("reveil")

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Connected = Callable[[Settings], AbstractContextManager[Esp]]


def erase(
    settings: Settings,
    connected: Connected,
    as_of: datetime,
    now: datetime,
    *,
    kinds: Iterable[Kind] = ("requests", "retention"),
    approve: str | None = None,
) -> Report:
    """Erase who is due: what was interrupted first, then one run for each kind. `connected` gives the provider.

    Where erasure is not allowed, the report is the due list. Raises BadInput for a wrong night; Refused while paused,
    while another erasure runs, where a source is not whole, history too short, or approval is missing; EspUnavailable
    where everybody waits for the provider. A later call goes on where this one stopped.
    """
    permission.require_near_the_clock(settings, as_of, now)
    due = due_list(settings, as_of, now)
    if not permission.is_allowed(settings, "erase"):
        told = "side_effects in settings.yml does not allow erasure: nothing was deleted"
        return Report("erase", (*due.lines, told), {**due.figures, "dry_run": True})
    with hold(settings.data / "erasure.lock", "erase", settings.lock_wait_seconds):
        permission.require_not_paused(settings)
        found = [_go_on(settings, connected, folder, now) for folder in RunFolder.unfinished(settings)]
        for kind in kinds:
            folder = _begin(settings, kind, as_of, now, approve)
            if folder is not None:
                found.append(_go_on(settings, connected, folder, now))
    states = [state for state in found if state is not None]
    _require_provider(states)
    return _report(due, states)


def kinds_of_night(settings: Settings, as_of: datetime) -> tuple[Kind, ...]:
    """What the nightly run erases: requests always, retention once a week."""
    is_the_day = _WEEKDAYS[as_of.weekday()] == settings.erasure.retention_weekday
    return ("requests", "retention") if is_the_day else ("requests",)


def _begin(settings: Settings, kind: Kind, as_of: datetime, now: datetime, approve: str | None) -> RunFolder | None:
    """Make the list of a new run; None where nobody is due."""
    warehouse = Warehouse(settings)
    with warehouse.write("erase: list") as connection:
        permission.require_marts_of(connection, as_of)
        people = _people(connection, settings, kind)
        if not people:
            return None
        waivers = _waivers(connection, settings, kind, as_of)
        contacts = int(connection.execute("select count(*) from raw.crm_contacts").fetchall()[0][0])
    run_id = _next_id(settings, kind, as_of)
    approved_by = _approved(settings, kind, run_id, as_of, now, len(people), contacts, approve)
    state = State(run_id, kind, as_of, approved_by=approved_by, waivers=waivers)
    return RunFolder.make(settings, state, people)


def _people(connection: duckdb.DuckDBPyConnection, settings: Settings, kind: Kind) -> list[Person]:
    values = {"esp": settings.esp.provider, "reasons": list(REASONS[kind])}
    return [
        Person(contact, reason, last.isoformat(sep=" "), address, tuple(spellings), tuple(esp_ids), clicks, *flags)
        for contact, reason, last, address, spellings, esp_ids, clicks, *flags in connection.execute(
            sql("erase_list"), values
        ).fetchall()
    ]


def _waivers(connection: duckdb.DuckDBPyConnection, settings: Settings, kind: Kind, as_of: datetime) -> tuple[str, ...]:
    """What was set aside, with the reason of the settings. A request waits for no source and no history."""
    if kind == "requests":
        return ()
    waivers = []
    faults = [one for one in freshness(connection, as_of) if one.verdict in ("stale", "shrunken")]
    if faults:
        told = ", ".join(f"{one.table} is {one.verdict}" for one in faults)
        waivers.append(_waived(told, settings.erasure.waive_freshness, "waive_freshness"))
    if origin_of(connection) != "sample" and (short := _short_history(connection, as_of)):
        waivers.append(_waived(short, settings.erasure.waive_history, "waive_history"))
    return tuple(waivers)


def _waived(fault: str, reason: str, key: str) -> str:
    if not reason:
        raise Refused(
            f"{fault}: who was heard of since is not known, so nobody is erased; deliver what is missing, "
            f"or set erasure.{key} in settings.yml to the reason why it does not matter"
        )
    return f"{fault}; waived: {reason}"


def _short_history(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> str:
    begins_at, months = connection.execute(sql("erase_history")).fetchall()[0]
    if begins_at is None:
        return "nothing is known of what people did"
    covered = (as_of.year - begins_at.year) * 12 + as_of.month - begins_at.month
    return f"history begins {begins_at:%Y-%m-%d}, {months} months are kept" if covered < months else ""


def _next_id(settings: Settings, kind: Kind, as_of: datetime) -> str:
    stem = f"{as_of:%Y-%m-%d}-{kind}"
    with Compliance(settings).read("erase: number of the run") as connection:
        query = "select count(*) from ledger where starts_with(run_id, ?)"
        done = int(connection.execute(query, [stem]).fetchall()[0][0])
    return f"{stem}-{done + 1}"


def _approved(
    settings: Settings,
    kind: Kind,
    run_id: str,
    as_of: datetime,
    now: datetime,
    due: int,
    contacts: int,
    approve: str | None,
) -> str | None:
    """Who approved the first run of a kind ever, or one of unusual size; nobody need with the sandbox."""
    if settings.esp.is_sandbox and approve is None:
        return None
    limit = max(settings.erasure.approve_above_contacts, int(settings.erasure.approve_above_share * contacts))
    compliance = Compliance(settings)
    with compliance.write("erase: approval") as connection:
        query = "select count(*) from approvals where kind = ?"
        is_first = not connection.execute(query, [kind]).fetchall()[0][0]
        if approve:
            row = [run_id, as_of, kind, due, approve, now]
            connection.execute("insert into approvals values (?, ?, ?, ?, ?, ?)", row)
            return approve
    if is_first or due > limit:
        why = f"is the first of its kind ({kind})" if is_first else f"is above {limit:,}"
        raise NeedsApproval(
            f"{due:,} contacts are due, which {why}: look at marts.erasure_due, then run "
            f"`reveil erase --as-of {as_of:%Y-%m-%dT%H:%M} --execute --approve NAME`"
        )
    return None


def _go_on(settings: Settings, connected: Connected, folder: RunFolder, now: datetime) -> State | None:
    """Take the steps that are left; None where only the folder was."""
    if not folder.is_whole:
        folder.remove()
        return None
    state = folder.read()
    with connected(settings) as esp:
        run = Run(settings, esp, folder, now)
        names = list(STEPS)
        for step in names[names.index(state.done) + 1 if state.done else 0 :]:
            log.info("erase %s: %s", state.run_id, step)
            state = folder.advance(state, step, STEPS[step](run, state))
            if step == "delete" and not state.facts["erased"]:
                break  # everybody came back or waits: there is nothing to prove
    folder.remove()
    return state


def _require_provider(states: Sequence[State]) -> None:
    """Raises EspUnavailable where all of a run wait. Only after the others began, so that theirs are frozen, too."""
    stuck = [state for state in states if state.facts["waiting"] and not state.facts["erased"]]
    if stuck:
        told = ", ".join(f"{state.run_id}: {state.facts['waiting']:,}" for state in stuck)
        raise EspUnavailable(
            f"{told} contacts wait for the provider, nobody was erased; they are not mailed, and the next run asks "
            f"again ({stuck[0].facts['waiting_why']})"
        )


def _report(due: Report, states: Sequence[State]) -> Report:
    lines = [line for state in states for line in _lines(state)]
    runs: dict[str, Any] = {state.run_id: _figures(state) for state in states}
    return Report("erase", (*due.lines, *(lines or ["nobody to erase"])), {**due.figures, "runs": runs})


def _figures(state: State) -> dict[str, Any]:
    return {name: state.facts.get(name, 0) for name in ("listed", "erased", "came_back", "waiting")}


def _lines(state: State) -> list[str]:
    facts = state.facts
    lines = [f"{state.run_id}: {facts['erased']:,} of {facts['listed']:,} erased"]
    if facts["came_back"]:
        lines.append(f"{state.run_id}: {facts['came_back']:,} came back meanwhile and stay")
    if facts["waiting"]:
        lines.append(f"{state.run_id}: {facts['waiting']:,} wait for the provider ({facts['waiting_why']})")
    if seen := facts.get("verification"):
        lines.append(
            f"{state.run_id}: {seen['values']:,} values searched in {seen['files']:,} files, "
            f"{seen['bytes'] / 1_000_000:,.0f} MB: {seen['found']} found"
        )
    return lines
