"""What an erasure must stand: a provider that is down for a week or has nobody any more, exports that bring everybody
back the next day, and values that are left where nobody looks."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from erasing import ASKED, DUE, NIGHT, OLD, STAY, address, export, ledger, make, rows, settings_at
from pushing import adapter

from reveil import transform
from reveil.erasure import erase, verify_now
from reveil.errors import Refused
from reveil.esp.base import Esp, EspUnavailable
from reveil.load import load
from reveil.publish import publish
from reveil.report import Report
from reveil.sandbox import SandboxHandle, running
from reveil.settings import Settings
from reveil.status import status
from reveil.warehouse import Warehouse

NEWS = {
    "crm_contacts.csv": f"new-01,{address('new-01')},Zoe,fr,fashion,2026-11-23,true,2026-11-23,2026-11-23",
    "crm_orders.csv": f"o-{STAY[0]}-9,{STAY[0]},2026-11-23,9.00,EUR,paid",
    "crm_erasure_requests.csv": f"r-{OLD[0]},{OLD[0]},2026-11-23,letter",
}
"""The next export is never the same file: here is what is new in it, by file."""


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[SandboxHandle]:
    with running(tmp_path / "sandbox") as started:
        yield started


@pytest.fixture
def settings(tmp_path: Path, handle: SandboxHandle) -> Settings:
    made = settings_at(tmp_path / "data", handle)
    make(made)
    return made


def erase_on(settings: Settings, night: datetime, esp: Esp, kinds: Sequence[Any] = ("requests", "retention")) -> Report:
    return erase(settings, lambda _: nullcontext(esp), night, night, kinds=kinds)


def told(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with Warehouse(settings).read("test") as connection:
        return connection.execute(query).fetchall()


def held(settings: Settings) -> dict[str, set[str]]:
    """Who of those who were due stands in which table of raw and journal."""
    tables = told(
        settings,
        "select schema_name || '.' || table_name from duckdb_columns()"
        " where schema_name in ('raw', 'journal') and column_name = 'contact_id' and not internal",
    )
    found = {}
    for (table,) in tables:
        names = {one for (one,) in told(settings, f"select distinct contact_id from {table}")} & {*DUE}
        if names:
            found[table] = names
    return found


def test_whom_the_provider_does_not_have_any_more_is_erased(settings: Settings) -> None:
    esp = adapter(settings)
    esp.erase([one.esp_id for one in esp.find(*(address(name) for name in DUE))])
    assert esp.find(*(address(name) for name in DUE)) == []
    known = told(settings, "select count(*) from journal.esp_contacts")
    assert known == [(len(STAY) + len(DUE),)]  # it is asked for ids that it answers with 404

    report = erase_on(settings, NIGHT, esp)
    assert {name: (one["erased"], one["waiting"]) for name, one in report.figures["runs"].items()} == {
        "2026-11-23-requests-1": (len(ASKED), 0),
        "2026-11-23-retention-1": (len(OLD), 0),
    }
    assert held(settings) == {}
    assert len(ledger(settings)) == 2


@pytest.mark.slow
def test_a_provider_that_is_down_for_a_week_keeps_everybody_whole_and_unmailed_and_then_the_run_ends(
    settings: Settings,
) -> None:
    before = rows(settings)
    # the exports get old, too: a person says that this does not matter
    erasure = settings.erasure.model_copy(update={"waive_freshness": "the shop is closed this week"})
    settings = settings.model_copy(update={"erasure": erasure})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        down = adapter(settings.with_esp(url=f"http://127.0.0.1:{taken.getsockname()[1]}"))
        for day in range(7):
            night = NIGHT + timedelta(days=day)
            transform.build(settings, night)
            with pytest.raises(EspUnavailable, match=r"retention-1: 3 contacts wait for the provider"):
                erase_on(settings, night, down)
            assert ledger(settings) == []
    assert rows(settings).keys() == before.keys()
    reasons = told(settings, "select contact_id, not_mailable_reason from marts.contact_status where not is_mailable")
    assert {one for one, reason in reasons if reason == "erasure_pending"} == {*DUE}
    late = told(settings, "select night, overdue from marts.erasure_overdue order by night desc limit 1")
    assert late == [(NIGHT + timedelta(days=6), len(OLD))]

    night = NIGHT + timedelta(days=7)
    transform.build(settings, night)
    erase_on(settings, night, adapter(settings))
    assert held(settings) == {}
    assert {name for (name,) in told(settings, "select contact_id from raw.crm_contacts")} == {*STAY}
    assert [one["counts"]["erased"] for one in ledger(settings)] == [len(ASKED), len(OLD)]


@pytest.mark.slow
def test_an_export_of_everybody_the_next_day_brings_nobody_back_and_says_so(settings: Settings) -> None:
    erase_on(settings, NIGHT, adapter(settings))
    assert held(settings) == {}
    before = rows(settings)

    shutil.rmtree(settings.landing)
    export(settings.landing)
    for file, row in NEWS.items():
        with (settings.landing / file).open("a", encoding="utf-8") as stream:
            stream.write(row + "\r\n")
    night = NIGHT + timedelta(days=1)
    report = load(settings, night, now=night)
    assert held(settings) == {}
    assert report.figures["not_erased_at_source"] == len(DUE)
    lines = "\n".join(report.lines)
    assert f"{len(DUE)} erased people still come in exports: not erased at source" in lines
    assert not [name for name in DUE if name in lines]

    transform.build(settings, night)
    after = rows(settings)
    for table in ("journal.batch_contacts", "journal.enrolments", "journal.budget_entries", "raw.esp_events"):
        assert after[table] == before[table]
    publish(settings)
    assert status(settings).figures["not_erased_at_source"] == len(DUE)
    assert "nobody" in "\n".join(erase_on(settings, night, adapter(settings)).lines)
    assert held(settings) == {}


@pytest.mark.slow
def test_the_search_without_a_name_finds_whoever_was_erased_by_hmac(settings: Settings) -> None:
    erase_on(settings, NIGHT, adapter(settings))
    clean = verify_now(settings, [], NIGHT)
    assert clean.figures["found"] == 0
    assert clean.figures["compared"] > len(STAY)

    (settings.data / "notes.txt").write_text(
        f"https://shop.example/?to={address(OLD[0]).replace('@', '%40')}&x=1\n{address(STAY[0])}\n"
    )
    with Warehouse(settings).write("test") as connection:
        connection.execute("create table raw.forgotten as select ? as who, ? as mailbox", [OLD[1], f"m{OLD[2]}"])
    seen = verify_now(settings, [], NIGHT)
    assert seen.figures["values"] == 3
    assert seen.figures["places"] == {
        "notes.txt": 1,
        "outbox/erasures_2026-11-23-retention-1.csv": 2,  # there on purpose
        "warehouse.duckdb: raw.forgotten.mailbox": 1,
        "warehouse.duckdb: raw.forgotten.who": 1,
    }
    assert not [line for line in seen.lines if "quarrel" in line or "late-" in line]


def test_what_is_left_in_the_projects_folder_stops_the_run(settings: Settings, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("dbt_project", "include/campaigns", "expectations"):
        shutil.copytree(settings.project / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(settings.sources_file, project / "include")
    for name in ("notes", "tests", ".git"):
        (project / name).mkdir()
        (project / name / "left.txt").write_text(f"called {address(ASKED[0])} back\n")
    moved = settings.model_copy(update={"project": project})
    with pytest.raises(Refused, match=r"1 values of erased people are still found: notes/left\.txt \(1\)"):
        erase_on(moved, NIGHT, adapter(settings), ["requests"])
    (project / "notes" / "left.txt").unlink()
    erase_on(moved, NIGHT, adapter(settings), ["requests"])
    assert [one["counts"]["erased"] for one in ledger(settings)] == [len(ASKED)]
