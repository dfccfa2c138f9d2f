"""An erasure as a whole: what is gone, what stays, who waits, and what stops it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from erasing import ASKED, DUE, NIGHT, OLD, STAY, address, build, ledger, make, rows, run, settings_at
from pushing import adapter

from reveil import checkpoint
from reveil.compliance import Compliance
from reveil.erasure import certificate, steps, verify_now
from reveil.erasure.proof import NOT_SEARCHED
from reveil.erasure.state import RunFolder
from reveil.errors import Busy, Refused
from reveil.esp.base import EspUnavailable, Subscriber
from reveil.sandbox import SandboxHandle, running
from reveil.settings import Settings
from reveil.settled import window
from reveil.warehouse import Warehouse, hold

Copy = Callable[[], Settings]


class Provider:
    """The sandbox's adapter, but that some calls fail, or somebody acts in between."""

    def __init__(self, settings: Settings, before_erase: Callable[[Sequence[str]], None]) -> None:
        self._esp = adapter(settings)
        self._before_erase = before_erase

    def __getattr__(self, name: str) -> Any:
        return getattr(self._esp, name)

    def find(self, *addresses: str) -> Sequence[Subscriber]:
        self._before_erase(addresses)
        return self._esp.find(*addresses)


@pytest.fixture(scope="module")
def handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    with running(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, handle: SandboxHandle) -> Settings:
    settings = settings_at(tmp_path_factory.mktemp("made") / "data", handle)
    make(settings)
    return settings


@pytest.fixture
def copy(made: Settings, tmp_path: Path) -> Copy:
    def copied() -> Settings:
        shutil.copytree(made.data, tmp_path / "data")
        return made.model_copy(update={"data": tmp_path / "data"})

    return copied


def contacts(settings: Settings) -> set[str]:
    with Warehouse(settings).read("test") as connection:
        return {one for (one,) in connection.execute("select contact_id from raw.crm_contacts").fetchall()}


def results(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """What campaigns led to, and what they caused."""
    with Warehouse(settings).read("test") as connection:
        return {
            mart: connection.execute(f"select * from marts.{mart} order by all").fetchall()
            for mart in ("campaign_results", "campaign_lift")
        }


def suppressions(settings: Settings) -> list[tuple[str, int]]:
    with Compliance(settings).read("test") as connection:
        return connection.execute("select state, count(*) from suppressions group by 1 order by 1").fetchall()


def test_while_the_provider_is_down_everybody_stays_whole_and_unmailed_and_the_next_run_ends_it(copy: Copy) -> None:
    settings = copy()
    before = rows(settings)

    def down(_: Sequence[str]) -> None:
        raise EspUnavailable("nothing answers there; is the provider up?")

    for _ in range(2):
        with pytest.raises(EspUnavailable, match=r"3 contacts wait for the provider, nobody was erased"):
            run(settings, Provider(settings, down), kinds=["retention"])
    assert contacts(settings) == {*STAY, *DUE}
    assert suppressions(settings) == []
    with Warehouse(settings).read("test") as connection:
        frozen = connection.execute("select distinct contact_id from journal.erasure_freezes order by 1").fetchall()
    assert [one for (one,) in frozen] == list(OLD)

    report = run(settings, kinds=["retention"])
    assert report.figures["runs"]["2026-11-23-retention-1"]["erased"] == len(OLD)
    assert contacts(settings) == {*STAY, *ASKED}
    assert suppressions(settings) == [("final", len(OLD))]
    assert rows(settings) == before


def test_what_is_settled_still_holds_when_an_erasure_has_deleted(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their old clicks were part of what was settled; the rebuild must not settle everybody's anew for that."""
    settings = copy()

    def rebuild(settings: Settings, as_of: datetime) -> None:
        with Warehouse(settings).read("test") as connection:
            raise StopIteration(window(settings, connection, as_of))

    monkeypatch.setattr(steps, "build", rebuild)
    with pytest.raises(StopIteration) as stopped:
        run(settings, kinds=["retention"])
    [found] = stopped.value.args
    assert found.events_from == found.settled_until
    with Warehouse(settings).read("test") as connection:
        clicked = "select contact_id from intermediate.int_settled_events where signal = 'click' order by 1"
        assert [one for (one,) in connection.execute(clicked).fetchall()] == [*ASKED, *STAY]


def test_an_old_objection_of_who_is_erased_still_holds_for_who_shares_the_mailbox(copy: Copy) -> None:
    """It was settled as the erased contact's, and is handed on to the other."""
    settings = copy()
    with Warehouse(settings).write("test") as connection:
        connection.execute(
            "update raw.crm_contacts set (email, normalised_email) = (?, ?) where contact_id = ?",
            [address(OLD[0]), address(OLD[0]), STAY[0]],
        )
        connection.execute(
            "insert into raw.esp_events (esp, event_id, contact_id, event, occurred_at, load_id)"
            " values ('sandbox', 'left', ?, 'unsubscribed', '2019-03-01', 0)",
            [OLD[0]],
        )
    build(settings)
    reason = "select not_mailable_reason from marts.contact_status where contact_id = ?"
    with Warehouse(settings).read("test") as connection:
        assert connection.execute(reason, [STAY[0]]).fetchall() == [("objected",)]
    run(settings, kinds=["retention"])
    assert OLD[0] not in contacts(settings)
    with Warehouse(settings).read("test") as connection:
        assert connection.execute(reason, [STAY[0]]).fetchall() == [("objected",)]


def test_who_buys_between_freeze_and_deletion_stays_and_whom_the_provider_refuses_waits(copy: Copy) -> None:
    settings = copy()
    buyer, refused, gone = OLD

    def meanwhile(addresses: Sequence[str]) -> None:
        with Warehouse(settings).write("test") as connection:
            connection.execute(
                "insert into raw.crm_orders (order_id, contact_id, ordered_at, amount, load_id)"
                " select 'late', ?, '2026-11-22', 12, 9 where not exists"
                " (select 1 from raw.crm_orders where order_id = 'late')",
                [buyer],
            )
        if address(refused) in addresses:
            raise EspUnavailable("502, state unknown")

    report = run(settings, Provider(settings, meanwhile), kinds=["retention"])
    figures = report.figures["runs"]["2026-11-23-retention-1"]
    assert figures == {"listed": 3, "erased": 1, "came_back": 1, "waiting": 1}
    assert contacts(settings) == {*STAY, *ASKED, buyer, refused}
    with Warehouse(settings).read("test") as connection:
        frozen = connection.execute("select contact_id from journal.erasure_freezes").fetchall()
        waits = connection.execute(
            "select not_mailable_reason from marts.contact_status where contact_id = ?", [refused]
        ).fetchall()
    assert frozen == [(refused,)]
    assert waits == [("erasure_pending",)]
    assert suppressions(settings) == [("final", 1)]
    outbox = (settings.outbox / "erasures_2026-11-23-retention-1.csv").read_text()
    assert outbox == f"contact_id,reason,erased_as_of\n{gone},retention,2026-11-23\n"


@pytest.mark.parametrize(
    ("complaints", "state", "cap"), [(1, "failed", 0), pytest.param(0, "passed", None, marks=pytest.mark.slow)]
)
def test_a_campaign_file_is_judged_for_good_though_the_messages_that_showed_it_are_erased(
    copy: Copy, complaints: int, state: str, cap: int | None
) -> None:
    settings = copy()
    judged = "select state, cap, why from intermediate.int_campaign_caps where campaign = 'winback'"
    with Warehouse(settings).write("test") as connection:
        connection.execute(
            "insert into journal.batches"
            " (batch_key, campaign, step, message, language, as_of, n, esp, planned, file_digest)"
            " select 'judged', 'winback', 'one', 'hello', 'en', '2019-02-01', 1, 'sandbox', 600, file_digest"
            " from rules.campaigns where campaign = 'winback'"
        )
        connection.execute(
            "insert into journal.batch_contacts (batch_key, campaign, enrolment, step, contact_id, as_of, outcome)"
            " select 'judged', 'winback', n, 'one', ?, '2019-02-01', 'sent' from range(100, 700) as numbers (n)",
            [OLD[0]],
        )
        connection.execute(
            "insert into raw.esp_events (esp, event_id, contact_id, campaign, batch_key, event, occurred_at, load_id)"
            " select 'sandbox', 'judged', ?, 'winback', 'judged', 'complained', '2019-02-02', 0 from range(?)",
            [OLD[0], complaints],
        )
    build(settings)
    with Warehouse(settings).read("test") as connection:
        before = connection.execute(judged).fetchall()
    run(settings, kinds=["retention"])
    with Warehouse(settings).read("test") as connection:
        left = connection.execute("select count(*) from journal.batch_contacts where batch_key = 'judged'").fetchall()
        after = connection.execute(judged).fetchall()
    assert left == [(0,)]
    assert [row[:2] for row in before] == [(state, cap)]
    assert after == before

    with Warehouse(settings).write("test") as connection:  # the file changes: it is tried again
        connection.execute("update journal.campaign_verdicts set file_digest = 'before'")
    build(settings)
    with Warehouse(settings).read("test") as connection:
        assert [row[0] for row in connection.execute(judged).fetchall()] == ["canary"]


def test_a_full_disk_and_a_value_left_in_a_file_stop_the_run_and_it_goes_on_afterwards(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = copy()
    left = settings.data / "notes.txt"
    left.write_text(f"called <{address(OLD[0]).upper()}> back\n")
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
        with pytest.raises(Refused, match=r"no room for a new warehouse file, which needs \d+ MB"):
            run(settings, kinds=["retention"])
    assert not list(settings.data.glob("*.duckdb.new"))
    with pytest.raises(Refused, match=r"1 values of erased people are still found: notes\.txt"):
        run(settings, kinds=["retention"])
    assert ledger(settings) == []
    left.unlink()
    run(settings, kinds=[])
    (record,) = ledger(settings)
    assert record["counts"]["erased"] == len(OLD)
    assert RunFolder.unfinished(settings) == []

    certificate(settings, record["run_id"])
    page = (settings.outbox / f"certificate_{record['run_id']}.html").read_text()
    document = (settings.outbox / f"certificate_{record['run_id']}.json").read_text()
    assert json.loads(document)["counts"]["tables"]["raw.crm_contacts"] == len(OLD)
    assert not [one for one in DUE if one in page + document]
    assert "Certificate of erasure" in page


def test_the_search_on_demand_names_every_place_and_no_value(copy: Copy) -> None:
    settings = copy()
    (settings.data / "notes.txt").write_text(f"https://shop.example/?to={address(STAY[0]).replace('@', '%40')}&x=1")
    told = verify_now(settings, [address(STAY[0])], NIGHT)
    assert set(told.figures["places"]) >= {
        "notes.txt",
        "landing/crm_contacts.csv",
        "warehouse.duckdb: raw.crm_contacts.email",
        "warehouse.duckdb: marts.contacts.email",
    }
    assert not [line for line in told.lines if "quarrel" in line]
    nobody = verify_now(settings, ["zoe.quarrel-nobody@orange.example"], NIGHT)
    assert nobody.figures["found"] == 0
    assert nobody.figures["values"] == 1


def test_a_second_erasure_meanwhile_is_told_who_runs(copy: Copy) -> None:
    settings = copy().model_copy(update={"lock_wait_seconds": 0.1})
    with hold(settings.data / "erasure.lock", "erase", 1), pytest.raises(Busy, match=r"erasure\.lock: held by `erase`"):
        run(settings)
    assert contacts(settings) == {*STAY, *DUE}


def test_with_a_real_provider_nothing_is_deleted_unless_allowed_approved_and_not_paused(copy: Copy) -> None:
    settings = copy().with_esp(provider="listmonk")
    assert "nothing was deleted" in run(settings).lines[-1]
    allowed = settings.model_copy(update={"side_effects": "send_and_erase"})
    with pytest.raises(Refused, match=r"3 contacts are due, which is the first of its kind.*--approve NAME"):
        run(allowed, kinds=["retention"])
    allowed.pause_file.write_text("a doubt\n")
    with pytest.raises(Refused, match="paused"):
        run(allowed, kinds=["retention"], approve="D. Po")
    assert contacts(settings) == {*STAY, *DUE}
    assert RunFolder.unfinished(settings) == []


def test_a_history_shorter_than_the_period_needs_a_reason_that_the_ledger_keeps(copy: Copy) -> None:
    settings = copy()
    with Warehouse(settings).write("test") as connection:
        connection.execute("delete from raw.crm_orders where ordered_at < '2026-01-01'")
        connection.execute("delete from raw.esp_events where occurred_at < '2026-01-01'")
    with pytest.raises(Refused, match=r"history begins 2026-11-20, 36 months are kept.*erasure\.waive_history"):
        run(settings, kinds=["retention"])
    erasure = settings.erasure.model_copy(update={"waive_history": "the shop opened in 2026"})
    run(settings.model_copy(update={"erasure": erasure}), kinds=["retention"])
    with Compliance(settings).read("test") as connection:
        (told,) = connection.execute("select waivers from ledger").fetchone() or ("",)
    assert "waived: the shop opened in 2026" in told


def test_marked_contacts_are_in_no_byte_of_any_file_afterwards(
    tmp_path: Path, handle: SandboxHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What DuckDB compresses hides strings: so this warehouse is not compressed, and its marks are seen before."""
    original = checkpoint.leave_to_the_end

    def uncompressed(connection: duckdb.DuckDBPyConnection) -> None:
        original(connection)
        connection.execute("set force_compression = 'uncompressed'")  # for dbt, too: it shares the instance

    monkeypatch.setattr(checkpoint, "leave_to_the_end", uncompressed)
    settings = settings_at(tmp_path / "data", handle)
    make(settings, marked=10_000)
    trace = settings.airflow / "logs" / "dag_id=push_reactivation" / "attempt=1.log"
    trace.parent.mkdir(parents=True)
    trace.write_text(f"called {address('mark-00007')} back\n")
    before = marked_files(settings)
    assert {settings.warehouse, settings.landing / "crm_contacts.csv", trace} <= before.keys()
    assert len(before[settings.warehouse]) >= 10_000
    run(settings, kinds=["retention"])
    (record,) = ledger(settings)
    assert record["reasons"] == {"retention": 10_000 + len(OLD)}
    assert marked_files(settings) == {}
    assert address(STAY[0]).encode() in settings.warehouse.read_bytes()


@pytest.mark.slow
def test_marked_contacts_are_in_no_value_of_a_compressed_warehouse_afterwards(
    tmp_path: Path, handle: SandboxHandle
) -> None:
    settings = settings_at(tmp_path / "data", handle)
    make(settings, marked=10_000)
    marked = [address(f"mark-{number:05}") for number in range(10_000)]
    seen = verify_now(settings, marked, NIGHT).figures
    assert seen["places"]["warehouse.duckdb: raw.crm_contacts.email"] == 10_000
    run(settings, kinds=["retention"])
    assert verify_now(settings, marked, NIGHT).figures["found"] == 0
    assert verify_now(settings, [], NIGHT).figures["found"] == 0


def marked_files(settings: Settings) -> dict[Path, set[bytes]]:
    """Every file of the data folder, of Airflow's home and of the project's folder that holds marks, byte for byte."""
    project = [one for one in settings.project.iterdir() if one.is_dir() and one.name[0] != "."]
    places = [settings.data, settings.airflow, *(one for one in project if one.name not in NOT_SEARCHED)]
    files = {file for place in places for file in place.rglob("*") if file.is_file()}
    return {file: found for file in sorted(files) if (found := marks_in(file.read_bytes()))}


def marks_in(content: bytes) -> set[bytes]:
    """Addresses of marked contacts, and of who is due by retention."""
    parts = content.split(b"zoe.quarrel-")[1:]
    return {part[:10] for part in parts if part.startswith((b"mark-", b"late-"))}


def test_an_erasure_changes_no_result_and_no_lift(copy: Copy) -> None:
    settings = copy()
    before = results(settings)
    with Warehouse(settings).read("test") as connection:
        drawn = connection.execute("select treated, treated_converted, holdout from marts.campaign_lift").fetchall()
    run(settings)
    assert contacts(settings) == set(STAY)
    assert drawn == [(6, 6, 2)]
    assert results(settings) == before
