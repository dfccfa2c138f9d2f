"""The provider's lists of regular messages follow the regular audience, and only changes travel."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pushing import CONTACTS, NIGHT, adapter, make_warehouse, query, settings_for
from regular import change, is_to_get, on_lists, sync, sync_counting
from sandboxes import control

from reveil.errors import BadInput, Refused
from reveil.esp.base import Recipient
from reveil.push.regular import list_name
from reveil.sandbox import SandboxHandle
from reveil.settings import EspSettings, Settings

EVERYBODY = {f"c{n:03}": "monthly" if n == 1 else "weekly" for n in range(CONTACTS)}
WEEKLY = sorted(EVERYBODY.keys() - {"c001"})
NEXT = NIGHT + timedelta(days=1)
STATES = "select contact_id, frequency, state from journal.regular_members order by all"


@pytest.fixture
def here(here: Settings) -> Settings:
    is_to_get(here, EVERYBODY)
    return here


def block(handle: SandboxHandle, settings: Settings, name: str) -> None:
    """The provider keeps everything from that address, by hand."""
    esp_id = control(handle, "GET", "/api/subscribers", search=f"{name}@gmail.example")["results"][0]["id"]
    control(handle, "PUT", "/api/subscribers/blocklist", {"ids": [esp_id]})


def test_there_is_one_list_per_frequency_with_its_audience(here: Settings, handle: SandboxHandle) -> None:
    report = sync(here)
    assert on_lists(here, handle) == {"weekly": WEEKLY, "monthly": ["c001"]}
    assert report.figures["weekly"] == {"added": 8, "removed": 0, "refused": 0}
    assert report.lines == ("reveil regular weekly: 8 added", "reveil regular monthly: 1 added")


def test_a_night_without_a_change_writes_nothing(here: Settings, handle: SandboxHandle) -> None:
    sync(here)
    is_to_get(here, EVERYBODY, NEXT)
    assert sync_counting(here, NEXT) == []
    assert on_lists(here, handle) == {"weekly": WEEKLY, "monthly": ["c001"]}


def test_only_changes_travel(here: Settings, handle: SandboxHandle) -> None:
    without_the_last = {name: frequency for name, frequency in EVERYBODY.items() if name != "c008"}
    is_to_get(here, without_the_last)
    sync(here)
    fell_silent = {name: frequency for name, frequency in EVERYBODY.items() if name not in ("c002", "c003")}
    is_to_get(here, fell_silent, NEXT)
    assert sync_counting(here, NEXT) == [("remove_members", 2), ("upload", 1)]
    assert on_lists(here, handle)["weekly"] == ["c000", "c004", "c005", "c006", "c007", "c008"]


def test_another_frequency_moves_a_contact_to_another_list(here: Settings, handle: SandboxHandle) -> None:
    sync(here)
    is_to_get(here, {**EVERYBODY, "c001": "weekly", "c002": "quarterly"}, NEXT)
    sync(here, NEXT)
    assert on_lists(here, handle) == {
        "weekly": ["c000", "c001", *WEEKLY[2:]],
        "monthly": [],
        "quarterly": ["c002"],
    }


def test_a_changed_address_replaces_the_old_one_on_the_list(here: Settings, handle: SandboxHandle) -> None:
    sync(here)
    moved = (
        "update raw.crm_contacts set normalised_email = 'moved@gmail.example', load_id = 2 where contact_id = 'c004'"
    )
    change(here, moved)
    is_to_get(here, EVERYBODY, NEXT)
    assert sync_counting(here, NEXT) == [("upload", 1), ("remove_members", 1)]
    assert on_lists(here, handle)["weekly"] == [*(name for name in WEEKLY if name != "c004"), "moved"]
    assert sync_counting(here, NEXT) == []


def test_another_contact_of_the_same_mailbox_takes_over_its_place(here: Settings, handle: SandboxHandle) -> None:
    change(here, "update raw.crm_contacts set normalised_email = 'c002@gmail.example' where contact_id = 'c003'")
    first = {name: frequency for name, frequency in EVERYBODY.items() if name != "c003"}
    is_to_get(here, first)
    sync(here)
    second = {name: frequency for name, frequency in EVERYBODY.items() if name != "c002"}
    is_to_get(here, second, NEXT)
    sync(here, NEXT)
    assert on_lists(here, handle)["weekly"] == [name for name in WEEKLY if name != "c003"]
    assert sync_counting(here, NEXT) == []


def test_who_objected_since_the_marts_were_built_is_not_put_on_a_list(here: Settings, handle: SandboxHandle) -> None:
    objection = (
        "insert into raw.esp_events (esp, event_id, contact_id, event, occurred_at, load_id)"
        " values ('sandbox', 'e', ?, 'unsubscribed', '1998-06-30', 1)"
    )
    change(here, objection, "c005")
    change(here, "update raw.crm_contacts set normalised_email = 'c005@gmail.example' where contact_id = 'c006'")
    sync(here)
    assert on_lists(here, handle)["weekly"] == [name for name in WEEKLY if name not in ("c005", "c006")]


def test_whom_the_provider_blocks_is_never_subscribed_again(here: Settings, handle: SandboxHandle) -> None:
    esp = adapter(here)
    esp.upload(esp.create_list("before"), [Recipient("c007", "c007@gmail.example", "C")])
    block(handle, here, "c007")
    sync(here)
    member = control(handle, "GET", "/api/subscribers", search="c007@gmail.example")["results"][0]
    assert member["status"] == "blocklisted"
    is_to_get(here, EVERYBODY, NEXT)
    assert sync_counting(here, NEXT) == []


def test_who_leaves_a_regular_list_is_taken_off_all_of_them_and_not_put_back(
    here: Settings, handle: SandboxHandle
) -> None:
    sync(here)
    lists = {one["name"]: one["id"] for one in control(handle, "GET", "/api/lists", per_page="all")["results"]}
    who = control(handle, "GET", "/api/subscribers", search="c004@gmail.example")["results"][0]["id"]
    body = {"ids": [who], "action": "unsubscribe", "target_list_ids": [lists[list_name("weekly")]]}
    control(handle, "PUT", "/api/subscribers/lists", body)
    is_to_get(here, {**EVERYBODY, "c001": "weekly"}, NEXT)  # the models have not heard of it yet
    sync(here, NEXT)
    member = control(handle, "GET", "/api/subscribers", search="c004@gmail.example")["results"][0]
    assert member["status"] == "blocklisted"
    assert ("c004", "weekly", "member") not in query(here, STATES)
    assert query(here, "select count(*) from raw.esp_events where contact_id = 'c004'") == [(1,)]


def test_changes_made_by_hand_are_undone_when_the_list_is_read_back(here: Settings, handle: SandboxHandle) -> None:
    sync(here)
    esp = adapter(here)
    weekly = esp.find_list(list_name("weekly"))
    esp.upload(weekly, [Recipient("x", "stranger@gmail.example", "X")])
    gone = [member.esp_id for member in esp.members(weekly) if member.address.startswith("c003")]
    esp.remove_members(weekly, gone)
    for days in (1, 6):
        is_to_get(here, EVERYBODY, NIGHT + timedelta(days=days))
        assert sync_counting(here, NIGHT + timedelta(days=days)) == []
    is_to_get(here, EVERYBODY, NIGHT + timedelta(days=7))
    assert sync_counting(here, NIGHT + timedelta(days=7)) == [("remove_members", 1), ("upload", 1)]
    assert on_lists(here, handle)["weekly"] == WEEKLY


def test_a_lost_journal_is_read_back_from_the_provider(here: Settings, handle: SandboxHandle) -> None:
    sync(here)
    change(here, "delete from journal.regular_members")
    change(here, "delete from journal.regular_read_backs")
    assert sync_counting(here) == []
    assert len(query(here, STATES)) == CONTACTS


def test_an_audience_of_nobody_empties_the_lists_and_makes_none(here: Settings, handle: SandboxHandle) -> None:
    is_to_get(here, {})
    assert sync_counting(here) == []
    assert on_lists(here, handle) == {}
    is_to_get(here, EVERYBODY)
    sync(here)
    is_to_get(here, {}, NEXT)
    sync(here, NEXT)
    assert on_lists(here, handle) == {"weekly": [], "monthly": []}


def test_without_permission_nothing_is_asked_and_the_change_is_told(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, esp=EspSettings(provider="listmonk", url="http://127.0.0.1:9"))
    make_warehouse(settings, 3)
    is_to_get(settings, {"c000": "weekly", "c002": "monthly"})
    report = sync(settings)  # nothing listens there: a call would fail
    assert report.figures["dry_run"]
    assert report.figures["weekly"]["added"] == 1
    assert query(settings, STATES) == []


def test_marts_of_another_night_are_refused(here: Settings) -> None:
    with pytest.raises(BadInput, match="marts are of 1998-07-01"):
        sync(here, NEXT)


def test_pause_holds_the_lists_as_they_are(here: Settings, handle: SandboxHandle) -> None:
    here.pause_file.write_text("looking into it")
    with pytest.raises(Refused, match="looking into it"):
        sync(here)
    assert on_lists(here, handle) == {}
