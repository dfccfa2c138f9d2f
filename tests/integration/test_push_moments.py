"""Whoever becomes unmailable between plan and start is not mailed, at whatever moment that is; and batches wait for
the hours of their campaign."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pushing import CONTACTS, NIGHT, adapter, decide_for, outcomes, query
from sandboxes import control, sent

from reveil.esp.listmonk import Listmonk
from reveil.push import plan, push
from reveil.push.journal import Journal
from reveil.sandbox import SandboxHandle
from reveil.settings import PROJECT, Settings
from reveil.warehouse import Warehouse

EVENT = (
    "insert into raw.esp_events (esp, event_id, contact_id, event, occurred_at, load_id)"
    " values ('sandbox', '{0}', '{0}', '{1}', '1998-06-30', 1)"
)
REQUEST = (
    "insert into raw.crm_erasure_requests (request_id, contact_id, requested_at, load_id) values ('r', '{0}', '{1}', 1)"
)
FREEZE = (
    "insert into journal.erasure_freezes (run_id, contact_id, reason, as_of)"
    " values ('1998-07-01-retention-1', '{0}', 'retention', '1998-07-01')"
)
SAME = "update raw.crm_contacts set normalised_email = 'c001@gmail.example' where contact_id < 'c004'"
CHANGES = {
    "c001": (EVENT.format("c001", "unsubscribed"), "objected"),
    "c002": (EVENT.format("c002", "complained"), "complained"),
    "c003": (EVENT.format("c003", "bounced_hard"), "hard_bounce"),
    "c004": ("update raw.crm_contacts set marketing_consent = false where contact_id = 'c004'", "no_consent"),
    "c005": (REQUEST.format("c005", "1998-06-30"), "erasure_pending"),
    "c006": (FREEZE.format("c006"), "erasure_pending"),
}


def recipients(handle: SandboxHandle) -> Counter[str]:
    return Counter(row["email"].removesuffix("@gmail.example") for row in sent(handle))


def once_after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, change: Callable[[], None]) -> None:
    """Let the change happen right after the first call of that method."""
    original = getattr(owner, name)
    pending = [change]

    def call(*arguments: Any, **options: Any) -> Any:
        result = original(*arguments, **options)
        if pending:
            pending.pop()()
        return result

    monkeypatch.setattr(owner, name, call)


MOMENTS: dict[str, tuple[Any, str]] = {
    "after the intent": (Journal, "intend"),
    "after the list was filled": (Listmonk, "upload"),
    "just before the start": (Listmonk, "create_campaign"),
}


@pytest.mark.parametrize("moment", ["after the plan", *MOMENTS])
def test_who_becomes_unmailable_at_any_moment_before_the_start_is_not_mailed(
    moment: str, here: Settings, handle: SandboxHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change() -> None:
        with Warehouse(here).write("test") as connection:
            for statement, _ in CHANGES.values():
                connection.execute(statement)

    plan(here, NIGHT, now=NIGHT)
    if moment in MOMENTS:
        once_after(monkeypatch, *MOMENTS[moment], change)
    else:
        change()
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert recipients(handle) == {"c000": 1, "c007": 1, "c008": 1}
    found = dict(query(here, "select contact_id, outcome_why from journal.batch_contacts where outcome = 'refused'"))
    assert found == {contact: why for contact, (_, why) in CHANGES.items()}


def test_what_lies_after_the_night_is_not_known_yet(here: Settings, handle: SandboxHandle) -> None:
    """A replay of a past night has all that happened later in its warehouse, and the sandbox's clock shows the past."""
    later = (
        EVENT.replace("1998-06-30", "1998-07-09").format("c001", "complained"),
        REQUEST.format("c005", "1998-07-09"),
    )
    with Warehouse(here).write("test") as connection:
        for statement in later:
            connection.execute(statement)
        connection.execute(
            "insert into journal.esp_contacts (esp, esp_id, contact_id) values ('sandbox', '99', 'c001')"
        )
    plan(here, NIGHT, now=NIGHT)
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert recipients(handle) == {f"c{n:03}": 1 for n in range(CONTACTS)}
    assert query(here, "select * from journal.esp_suppressions") == []
    assert query(here, "select * from journal.guard_changes") == []


def test_of_two_contacts_with_one_address_one_is_mailed_whichever_batches_they_stand_in(
    here: Settings, handle: SandboxHandle
) -> None:
    plan(here, NIGHT, now=NIGHT)
    with Warehouse(here).write("test") as connection:  # c000 and c003 in French, c001 and c002 in English
        connection.execute(
            "update raw.crm_contacts set normalised_email = 'c001@gmail.example' where contact_id < 'c004'"
        )
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert recipients(handle) == {"c001": 1, **{f"c{n:03}": 1 for n in range(4, 9)}}
    refused = dict(query(here, "select contact_id, outcome_why from journal.batch_contacts where outcome = 'refused'"))
    assert refused == dict.fromkeys(("c000", "c002", "c003"), "same_mailbox")


def hours(settings: Settings, folder: Path, text: str) -> Settings:
    """The project with those keys in its campaign file."""
    project = folder / "project"
    shutil.copytree(PROJECT / "include" / "campaigns", project / "include" / "campaigns")
    file = project / "include" / "campaigns" / "winback.yml"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
    return settings.model_copy(update={"project": project})


def test_a_batch_waits_at_the_provider_for_the_hours_of_its_campaign(
    here: Settings, handle: SandboxHandle, tmp_path: Path
) -> None:
    window = "send_window: { from: '09:00', to: '18:00', time_zone: Europe/Paris }\n"
    there = hours(here, tmp_path, window + "blackout: [{ from: 1998-07-01, to: 1998-07-02 }]\n")
    plan(there, NIGHT, now=NIGHT)
    report = push(there, adapter(there), NIGHT, now=NIGHT)
    assert all("leaves at 1998-07-03 07:00 UTC" in line for line in report.lines)
    tomorrow = NIGHT + timedelta(days=1)
    control(handle, "PUT", "/sandbox/clock", {"now": "1998-07-02T00:00:00Z"})
    with Warehouse(here).write("test") as connection:  # objections of the days of waiting count, too
        connection.execute(CHANGES["c001"][0])
    decide_for(there, tomorrow)
    push(there, adapter(there), tomorrow, now=tomorrow)
    assert recipients(handle) == {}
    assert outcomes(there)["c001"] == "refused"

    in_time = NIGHT + timedelta(days=3)
    control(handle, "PUT", "/sandbox/clock", {"now": "1998-07-04T00:00:00Z"})
    assert {row["sent_at"] for row in sent(handle)} == {"1998-07-03T07:00:00Z"}
    decide_for(there, in_time)
    push(there, adapter(there), in_time, now=in_time)
    assert recipients(handle) == {f"c{n:03}": 1 for n in range(CONTACTS) if n != 1}
    assert Counter(outcomes(there).values()) == {"sent": CONTACTS - 1, "refused": 1}


def test_a_halt_in_the_last_moment_keeps_a_mailbox_provider_out(
    here: Settings, handle: SandboxHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def halt() -> None:
        with Warehouse(here).write("test") as connection:
            connection.execute("update marts.contacts set provider = 'orange' where contact_id in ('c001', 'c003')")
            connection.execute(
                "insert into journal.guard_changes (provider, change, why, as_of) values ('orange', 'halt', 'test', ?)",
                [NIGHT],
            )

    plan(here, NIGHT, now=NIGHT)
    once_after(monkeypatch, Listmonk, "create_campaign", halt)
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert recipients(handle) == {f"c{n:03}": 1 for n in range(CONTACTS) if n not in (1, 3)}
    released = "select count(*) from journal.batch_contacts where contact_id in ('c001', 'c003')"
    assert query(here, released) == [(0,)]  # to be planned again another night
