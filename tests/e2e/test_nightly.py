"""Nights on the CDNOW log through Airflow, by the command that `make nightly` gives: what they do, what they do not do
twice, and what they leave behind."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import leaks
import pytest
from commands import Desk, figures, good
from sandboxes import control, sent, unsubscribe_by_one_click

from reveil.sandbox import SandboxHandle, running
from reveil.warehouse import Warehouse, connect

CONTACTS = 24_277
"""The log's 23,570 customers and the synthetic prospects around them."""
ERASED = 3
"""They asked for it in the sample, and are gone when the night is over."""
AUDIENCES = {"winback": {"dormant"}, "preferences": {"active", "dormant"}, "goodbye": {"lost"}}
NIGHT, MORNING, NEXT_NIGHT = "1998-07-01T00:00:00", "1998-07-02T00:00:00", "1998-07-03T00:00:00"
DAGS = ["gather_results", "build_contact_status", "push_reactivation", "delete_personal_data"]

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Night:
    """What a night printed and left, looked at before the next one began."""

    done: subprocess.CompletedProcess[str]
    sent: list[dict[str, Any]]
    statuses: dict[str, tuple[str, bool, str | None]]
    addresses: dict[str, str]

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        return dict(figures(self.done)["steps"])

    @property
    def as_of(self) -> str:
        return str(figures(self.done)["as_of"])

    @property
    def recipients(self) -> list[str]:
        return [row["email"] for row in self.sent]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, cdnow_wheel: Path) -> Desk:
    """A fresh clone's state, but that the wheel of the log need not be downloaded again."""
    desk = Desk(tmp_path_factory.mktemp("nights"))
    bring_wheel(desk, cdnow_wheel)
    return desk


def bring_wheel(desk: Desk, wheel: Path) -> None:
    cache = desk.data / "cache"
    cache.mkdir(parents=True)
    shutil.copy(wheel, cache)


@contextmanager
def esp(desk: Desk) -> Iterator[SandboxHandle]:
    """The desk's embedded sandbox, started again between two nights."""
    with running(desk.settings.sandbox) as handle:
        yield handle


def rows(desk: Desk, query: str) -> Rows:
    with Warehouse(desk.settings).read("test") as connection:
        return connection.execute(query).fetchall()


def metadata(desk: Desk, query: str) -> Rows:
    """Rows of Airflow's own database."""
    with sqlite3.connect(f"file:{desk.airflow / 'airflow.db'}?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()


def look(desk: Desk, done: subprocess.CompletedProcess[str]) -> Night:
    with esp(desk) as handle:
        messages = sent(handle)
    statuses = rows(desk, "select contact_id, status, is_mailable, not_mailable_reason from marts.contact_status")
    mapped = rows(desk, "select contact_id, normalised_email from raw.crm_contacts where normalised_email is not null")
    return Night(done, messages, {one: (status, can, why) for one, status, can, why in statuses}, dict(mapped))


@pytest.fixture(scope="module")
def first(desk: Desk) -> Night:
    return look(desk, good(desk.run("nightly", "--airflow", "--sample", "cdnow", "--json")))


@pytest.fixture(scope="module")
def again(desk: Desk, first: Night) -> Night:
    return look(desk, good(desk.run("nightly", "--airflow", "--sample", "cdnow", "--as-of", "1998-07-01")))


@pytest.fixture(scope="module")
def leaver(desk: Desk, first: Night, again: Night) -> str:
    """The contact who unsubscribes by the one click of a mail program, in the morning after. The day then passes."""
    untouched = "select contact_id from raw.esp_events where event in ('unsubscribed', 'complained', 'bounced_hard')"
    gone = {contact for (contact,) in rows(desk, untouched)}
    contact_of = {address: contact for contact, address in first.addresses.items()}
    with esp(desk) as handle:
        reacted = {row["email"] for row in control(handle, "GET", "/api/bounces", per_page="all")["results"]}
        chosen = next(one for one in first.recipients if contact_of[one] not in gone and one not in reacted)
        unsubscribe_by_one_click(handle, chosen)
        control(handle, "PUT", "/sandbox/clock", {"now": f"{NEXT_NIGHT}Z"})
    return contact_of[chosen]


@pytest.fixture(scope="module")
def following(desk: Desk, leaver: str) -> Night:
    return look(desk, good(desk.run("nightly", "--airflow", "--json")))


# the first night


def test_every_contact_gets_a_status(first: Night) -> None:
    counts = Counter(status for status, _, _ in first.statuses.values())
    assert counts.total() == CONTACTS - ERASED
    assert set(counts) == {"active", "dormant", "lost"}
    assert min(counts.values()) > 0
    built = first.steps["build"]
    assert sum(built[status] for status in counts) == built["contacts"] == CONTACTS
    assert sum(built[status] - counts[status] for status in counts) == ERASED
    assert min(built[status] - counts[status] for status in counts) >= 0


def test_the_first_night_is_the_morning_after_the_logs_last_order(first: Night) -> None:
    assert first.as_of == NIGHT


def test_messages_left_once_to_the_audience_of_each_campaign_and_only_to_who_may_be_mailed(
    desk: Desk, first: Night
) -> None:
    query = "select contact_id, campaign from journal.batch_contacts where as_of = '1998-07-01'"
    mailed = rows(desk, query)
    outcomes = first.steps["push"]["outcomes"]
    assert outcomes == {"sent": len(mailed)}
    assert len(first.recipients) == len(set(first.recipients)) == len(mailed)
    assert {campaign for _, campaign in mailed} == set(AUDIENCES)
    for contact, campaign in mailed:
        status, is_mailable, _ = first.statuses[contact]
        assert (status in AUDIENCES[campaign], is_mailable) == (True, True)


def test_holdouts_are_enrolled_and_sent_nothing(desk: Desk, first: Night) -> None:
    held = rows(desk, "select contact_id, campaign from journal.enrolments where arm = 'holdout'")
    assert {campaign for _, campaign in held} == {"winback", "preferences"}
    assert not {first.addresses[contact] for contact, _ in held} & set(first.recipients)


def test_the_journal_says_what_the_esp_did(desk: Desk, first: Night) -> None:
    query = "select contact_id from journal.batch_contacts where outcome = 'sent' and as_of = '1998-07-01'"
    journalled = {first.addresses[contact] for (contact,) in rows(desk, query)}
    assert journalled == set(first.recipients)


def test_every_check_passed_and_left_its_page(desk: Desk, first: Night) -> None:
    for group in ("raw", "marts", "audience"):
        outcome = first.steps[f"check {group}"]
        assert (outcome["failed"], outcome["passed"] > 0) == (0, True)
        assert (desk.settings.data_docs / "1998-07-01T000000" / f"{group}.html").is_file()
    assert (desk.settings.data_docs / "index.html").is_file()


def test_progress_is_visible_and_stdout_holds_one_json_object(first: Night) -> None:
    assert all(f"{dag}\n" in first.done.stderr for dag in DAGS)
    assert "crm_contacts.sample.csv.gz" in first.done.stderr
    assert json.loads(first.done.stdout)["verb"] == "nightly"


def test_the_sandbox_is_stopped_at_the_end_and_its_clock_has_moved_on(desk: Desk, first: Night) -> None:
    assert first.steps["close night"] == {**first.steps["close night"], "sandbox_clock": MORNING}
    with esp(desk) as handle:  # refused while another process serves the folder
        assert control(handle, "GET", "/sandbox/clock")["now"] >= "1998-07-02"


# what Airflow knows of it


def test_the_dags_ran_in_order_and_the_followers_without_a_logical_date(desk: Desk, first: Night) -> None:
    runs = metadata(desk, "select dag_id, logical_date is null, state from dag_run order by id")[: len(DAGS)]
    assert runs == [(dag, int(dag != DAGS[0]), "success") for dag in DAGS]


def test_every_asset_event_carries_the_night(desk: Desk, first: Night) -> None:
    joined = "asset_event join asset on asset.id = asset_id order by asset_event.id"
    query = f"select source_dag_id, name, asset_event.extra from {joined}"
    found = [(dag, asset, json.loads(extra)) for dag, asset, extra in metadata(desk, query)]
    events = [(dag, asset) for dag, asset, extra in found if extra["as_of"] == NIGHT]
    assert {(dag, asset) for dag, asset, _ in found} == set(events)
    assert events[:3] == list(zip(DAGS, ["esp_results", "contact_status", "batches_pushed"], strict=False))


def test_every_task_ran_in_the_pool_of_one_slot(desk: Desk, first: Night) -> None:
    assert metadata(desk, "select slots from slot_pool where pool = 'warehouse'") == [(1,)]
    assert metadata(desk, "select distinct pool, state from task_instance") == [("warehouse", "success")]


def test_xcom_holds_counts_ids_of_runs_and_paths_alone(desk: Desk, first: Night) -> None:
    values = [json.loads(value) for (value,) in metadata(desk, "select value from xcom where key = 'return_value'")]
    assert len(values) >= len(first.steps)
    for leaf in (leaf for value in values for leaf in leaves(value)):
        assert leaf is None or isinstance(leaf, (int, float)) or len(leaf) < 200
    assert max(len(json.dumps(value)) for value in values) < 10_000


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


# the same night again


def test_the_same_night_again_sends_nothing_and_says_so(first: Night, again: Night) -> None:
    assert again.sent == first.sent
    told = f"this night was pushed before ({len(first.sent)} sent), nobody is mailed twice"
    assert told in again.done.stdout


def test_the_same_night_again_decides_the_same(first: Night, again: Night) -> None:
    assert again.statuses == first.statuses


def test_the_summary_says_what_a_person_wants_to_know(desk: Desk, again: Night) -> None:
    summary = again.done.stdout[again.done.stdout.index("The night of 1998-07-01") :]
    words = ("active", "dormant", "lost", "checks", "results", "pushed", "due for erasure", "make nightly")
    assert [word for word in words if word not in summary] == []
    for place in (desk.settings.warehouse, desk.settings.published, desk.settings.data_docs / "index.html"):
        assert str(place) in summary


# the next night


def test_without_as_of_the_night_of_the_sandboxs_clock_comes(following: Night) -> None:
    assert following.as_of == NEXT_NIGHT


def test_the_next_night_gathers_what_recipients_did_since(desk: Desk, following: Night) -> None:
    gathered = following.steps["gather"]["events"]
    assert gathered["unsubscribed"]["new"] >= 1
    assert sum(counts["new"] + counts["known"] for counts in gathered.values()) > 1
    assert {counts["unknown"] for counts in gathered.values()} == {0}
    stored = "select event, count(*) from raw.esp_events where batch_key like 'winback/%' group by 1"
    reactions = {event: int(count) for event, count in rows(desk, stored)}
    assert reactions["opened"] > 0
    assert sum(reactions.values()) > 10
    assert (
        rows(desk, "select contact_id from raw.esp_events group by contact_id, esp, event_id having count(*) > 1") == []
    )


def test_the_next_night_mails_other_contacts(first: Night, following: Night) -> None:
    later = following.sent[len(first.sent) :]
    assert following.sent[: len(first.sent)] == first.sent
    assert len(later) == following.steps["push"]["outcomes"]["sent"] > 0
    assert not {row["email"] for row in later} & set(first.recipients)


def test_nobody_was_sent_a_step_twice(desk: Desk, following: Night) -> None:
    assert max(Counter(following.recipients).values()) == 1
    twice = "select contact_id, campaign, step from journal.batch_contacts group by all having count(*) > 1"
    assert rows(desk, twice) == []


def test_who_left_by_one_click_is_objected_and_suppressed_at_the_esp(
    desk: Desk, first: Night, leaver: str, following: Night
) -> None:
    assert first.statuses[leaver][1:] == (True, None)
    assert following.statuses[leaver][1:] == (False, "objected")
    address = first.addresses[leaver]
    assert following.recipients.count(address) == 1
    assert rows(desk, f"select count(*) from marts.next_step where contact_id = '{leaver}'") == [(0,)]
    with esp(desk) as handle:
        subscriber = control(handle, "GET", "/api/subscribers", search=address)["results"]
    assert [one["status"] for one in subscriber] == ["blocklisted"]


def test_a_night_before_one_that_acted_is_refused_and_leaves_everything(desk: Desk, following: Night) -> None:
    copied = desk.settings.published.stat()
    for words in (
        ["nightly", "--as-of", "1998-07-01"],
        ["build", "--as-of", "1998-07-01"],
        ["push", "--as-of", "1998-07-01"],
    ):
        refused = desk.run(*words)
        assert refused.returncode == 2, refused.stderr
        assert "1998-07-03" in refused.stderr
        assert refused.stdout == ""
    assert rows(desk, "select distinct as_of from marts.contact_status") == [(datetime(1998, 7, 3),)]
    now = look(desk, following.done)
    assert (now.sent, now.statuses) == (following.sent, following.statuses)
    assert (desk.settings.published.stat().st_ino, desk.settings.published.stat().st_mtime_ns) == (
        copied.st_ino,
        copied.st_mtime_ns,
    )


# without Airflow


@pytest.mark.slow
def test_a_night_without_airflow_gives_the_same_figures(
    first: Night, cdnow_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain = Desk(tmp_path_factory.mktemp("plain"))
    bring_wheel(plain, cdnow_wheel)
    done = plain.run("nightly", "--sample", "cdnow", "--json")
    assert comparable(figures(done)["steps"]) == comparable(first.steps)
    assert not plain.airflow.exists()


def comparable(steps: dict[str, Any]) -> dict[str, Any]:
    """Figures less places and durations."""
    places = {"seconds", "bytes", "published", "data_docs"}
    return {step: {key: value for key, value in told.items() if key not in places} for step, told in steps.items()}


# what nights leave behind


def left_behind(desk: Desk) -> list[Path]:
    here = desk.settings
    return [desk.airflow, here.data_docs, here.dbt_target.parent, here.published]


def test_no_address_is_left_where_addresses_do_not_belong(
    desk: Desk, first: Night, again: Night, following: Night
) -> None:
    wanted = leaks.addresses(desk.settings)
    assert len(wanted) > CONTACTS * 0.9
    assert leaks.found(wanted, *left_behind(desk)) == []
    for night in (first, again, following):
        assert leaks.found_in_text(wanted, night.done.stdout, night.done.stderr) == []


def test_the_places_searched_are_where_airflow_dbt_and_the_docs_write(desk: Desk, following: Night) -> None:
    names = {file.name for place in left_behind(desk) for file in leaks.files(place)}
    assert {
        "night.log",
        "airflow.db",
        "nodes.log",
        "manifest.json",
        "raw.html",
        "audience.json",
        "published.duckdb",
    } <= names
    log = (desk.airflow / "logs" / "night.log").read_text(encoding="utf-8")
    assert all(dag in log for dag in DAGS)
    with connect(desk.settings.published, read_only=True) as connection:
        assert connection.execute("select count(*) from marts.contacts").fetchall() == [(CONTACTS - ERASED,)]


def test_the_search_sees_what_is_planted(desk: Desk, following: Night, tmp_path: Path) -> None:
    wanted = leaks.addresses(desk.settings)
    address = sorted(wanted)[0].decode()
    for place in (desk.airflow / "logs" / "night.log", desk.airflow / "airflow.db", desk.settings.published):
        shutil.copy(place, tmp_path)
    with (tmp_path / "night.log").open("a") as log:
        log.write(f"[error] Conversion Error: Could not convert string '{address.upper()}' to INT32\n")
    with sqlite3.connect(tmp_path / "airflow.db") as connection:
        connection.execute("update xcom set value = json_object('contact', ?)", (address,))
    connection.close()
    with connect(tmp_path / "published.duckdb") as connection:
        connection.execute("update marts.next_step set reason = ? where priority = 1", [f"for {address}"])
    (tmp_path / "page.html").write_text(f"<td>mailto:{address.replace('@', '%40')}</td>")
    (tmp_path / "clean.html").write_text("<td>nobody@mail.example</td>")
    hits = {line.split(": ")[0] for line in leaks.found(wanted, tmp_path)}
    assert hits == {str(tmp_path / name) for name in ("night.log", "airflow.db", "published.duckdb", "page.html")}
    assert leaks.found_in_text(wanted, f"sent to <{address}>") == [address]
