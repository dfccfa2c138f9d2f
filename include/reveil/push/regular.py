"""Keeps the provider's lists of regular messages in step with the mart regular_audience: one list per frequency.

Only changes travel. What the provider confirmed last stands in the journal; tonight's audience is compared with it,
and whoever has gone is taken off before whoever has come is put on. Every step may be repeated, so a run that was
killed is simply run again. Now and then each list is read whole, so that changes made there by hand are undone.
Who objected is left as the provider has them: nobody is subscribed again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reveil import permission
from reveil.esp.base import Esp, Recipient
from reveil.push.deliver import push_lock
from reveil.push.gather import gather
from reveil.push.lists import find_or_make_list
from reveil.push.regular_journal import Addition, Changes, RegularJournal, Removal, Seen
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse

FREQUENCIES = ("weekly", "monthly", "quarterly")


def list_name(frequency: str) -> str:
    """The name of the list at the provider."""
    return f"reveil regular {frequency}"


@dataclass
class _Sync:
    """What the steps of one run share; `done` counts per (frequency, what)."""

    esp: Esp
    journal: RegularJournal
    as_of: datetime
    done: Counter[tuple[str, str]]


def sync_regular(settings: Settings, esp: Esp, as_of: datetime, now: datetime) -> Report:
    """Bring the lists in step with tonight's regular_audience; calls to the provider are proportional to the change.

    Where side effects are not allowed, nothing is asked or written and the report says what would change.
    Raises BadInput for a wrong night, Refused while paused or while a push runs, and EspError when the provider
    fails; a later run goes on where this one stopped.
    """
    permission.require_near_the_clock(settings, as_of, now)
    warehouse = Warehouse(settings)
    with warehouse.read("sync regular: marts of tonight") as connection:
        permission.require_marts_of(connection, as_of)
        permission.require_no_erased_back(settings, connection, as_of)
    if not permission.is_allowed(settings, "send"):
        return _dry_run(RegularJournal(warehouse, esp.name, as_of, clock=lambda: None).changes())
    journal = RegularJournal(warehouse, esp.name, as_of, esp.clock)
    with push_lock(settings):
        permission.require_not_paused(settings)
        sync = _Sync(esp, journal, as_of, Counter())
        due = journal.due(FREQUENCIES, settings.push.regular_read_back_days)
        if due or journal.changes():
            gather(settings, esp, as_of)  # an objection must be known before its subscription is taken away
            for frequency in due:
                _read_back(sync, frequency)
            _apply(sync, journal.changes())
        journal.finish_run()
    return _report(sync.done)


def _apply(sync: _Sync, changes: Changes) -> None:
    for frequency in FREQUENCIES:
        removals = [one for one in changes.removals if one.frequency == frequency]
        if removals:
            _remove(sync, frequency, removals)
    for frequency in FREQUENCIES:
        additions = [one for one in changes.additions if one.frequency == frequency]
        if additions:
            _add(sync, frequency, additions)


def _remove(sync: _Sync, frequency: str, removals: Sequence[Removal]) -> None:
    """Take contacts off a list. Whom the provider does not let in stays as it has them."""
    members = [one.esp_id for one in removals if one.esp_id and one.is_member]
    _take_off(sync, frequency, members)
    sync.journal.forget(frequency, [one.contact_id for one in removals])
    sync.done[frequency, "removed"] += len(members)


def _add(sync: _Sync, frequency: str, additions: Sequence[Addition]) -> None:
    """Put contacts on a list, then read back who was touched by that, and no more."""
    list_id = find_or_make_list(sync.esp, list_name(frequency))
    before = sync.esp.newest_change()
    sync.esp.upload(list_id, [Recipient(one.contact_id, one.address, one.name) for one in additions])
    seen = Seen.of(sync.esp.members(list_id, since=before))
    _take_off(sync, frequency, _left_behind(additions, seen))
    members = sync.journal.confirm(additions, seen)
    sync.done[frequency, "added"] += sum(one.is_new for one in additions if one.contact_id in members)
    sync.done[frequency, "refused"] += len(additions) - len(members)


def _left_behind(additions: Sequence[Addition], seen: Seen) -> list[str]:
    """The subscribers under which contacts stood on the list before their address changed."""
    current = {seen.esp_ids[one.address] for one in additions if one.address in seen.esp_ids}
    return sorted({one.esp_id for one in additions if one.esp_id and one.is_member} - current)


def _read_back(sync: _Sync, frequency: str) -> None:
    """Read a list whole: take strangers off, and let the journal say what is there."""
    list_id = sync.esp.find_list(list_name(frequency))
    seen = Seen.of(sync.esp.members(list_id)) if list_id else Seen.of(())
    strangers = sync.journal.strangers(frequency, seen)
    _take_off(sync, frequency, strangers)
    sync.journal.read_back(frequency, seen, len(strangers))
    sync.done[frequency, "removed"] += len(strangers)


def _take_off(sync: _Sync, frequency: str, esp_ids: Sequence[str]) -> None:
    list_id = sync.esp.find_list(list_name(frequency)) if esp_ids else None
    if list_id:
        sync.esp.remove_members(list_id, esp_ids)


def _dry_run(changes: Changes) -> Report:
    done: Counter[tuple[str, str]] = Counter()
    done.update((one.frequency, "added") for one in changes.additions if one.is_new)
    done.update((one.frequency, "removed") for one in changes.removals if one.is_member)
    lines = [*_lines(done), "side_effects is none in settings.yml: nothing was asked or written at the provider"]
    return Report("sync regular", tuple(lines), {"dry_run": True, **_figures(done)})


def _report(done: Counter[tuple[str, str]]) -> Report:
    return Report("sync regular", tuple(_lines(done) or ["the lists of regular messages are in step"]), _figures(done))


def _lines(done: Counter[tuple[str, str]]) -> list[str]:
    told = {
        frequency: ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        for frequency, counts in _figures(done).items()
    }
    return [f"{list_name(frequency)}: {counts}" for frequency, counts in told.items() if counts]


def _figures(done: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    return {
        frequency: {what: done[frequency, what] for what in ("added", "removed", "refused")}
        for frequency in FREQUENCIES
    }
