"""Failures of every kind, with addresses where each could quote them: none reaches a log, a page, a message or the
terminal. What good nights leave behind is searched in test_nightly.py."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import company
import leaks
import pytest
from commands import Desk
from sandboxes import control
from webhooks import Webhook, listening

from reveil.sandbox import running
from reveil.settings import PROJECT
from reveil.verbs import STEPS

MARKERS = frozenset(company.address(f"m{n}").encode() for n in range(1, 10))
ADDRESSES = MARKERS | {company.address(f"k{n:02}").encode() for n in range(company.CONTACTS)}


@dataclass(frozen=True)
class Failed:
    """What the failing nights left: how each task ended, what was printed, what the webhook was told."""

    desk: Desk
    states: dict[str, dict[str, str]]
    printed: str
    webhook: Webhook


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failed]:
    folder = tmp_path_factory.mktemp("failures")
    project = folder / "project"
    for name in ("dbt_project", "expectations", "include"):
        shutil.copytree(PROJECT / name, project / name, ignore=shutil.ignore_patterns("reveil", "*.egg-info", "target"))
    with listening() as webhook, running(folder / "sandbox", clock=company.NIGHT) as esp:
        desk = Desk(folder, esp, changes={"notify_webhook": webhook.url, "esp": {"attempts": 1}})
        script = Path(__file__).with_name("planted_failures.py")
        # DEV makes Airflow print the local variables of every frame of a traceback: nothing may hang on that switch
        environment = desk.environment | {"PYTHONPATH": str(script.parents[1]), "DEV": "1"}
        done = subprocess.run(
            [sys.executable, script, project, folder / "states.json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        states = json.loads((folder / "states.json").read_text(encoding="utf-8"))
        yield Failed(desk, states, done.stdout + done.stderr, webhook)


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("gather denied", "gather"),
        ("gather uncertain", "gather"),
        ("rejects", "check_raw"),
        ("dbt tests", "build"),
        ("dbt model", "build"),
        ("expectations", "check_marts"),
        ("sync denied", "sync_regular"),
        ("push denied", "push"),
        ("push uncertain", "push"),
        ("reading back uncertain", "push"),
        ("unexpected", "plan"),
        ("conversion", "erase"),
    ],
)
def test_each_planted_failure_stops_the_night_where_it_was_planted(failed: Failed, name: str, task: str) -> None:
    states = failed.states[name]
    assert [one for one, state in states.items() if state == "failed"] == [task]
    order = [step.replace(" ", "_") for step in STEPS]
    for one in set(states) - {task}:
        before = one in order and task in order and order.index(one) < order.index(task)
        assert states[one] == ("success" if before else "upstream_failed"), one


def test_a_night_in_between_went_well(failed: Failed) -> None:
    assert set(failed.states["good"].values()) == {"success"}


def test_no_address_reaches_airflow_the_docs_dbt_or_the_published_copy(failed: Failed) -> None:
    here = failed.desk.settings
    places = (failed.desk.airflow, here.data_docs, here.dbt_target.parent, here.published)
    assert leaks.found(ADDRESSES, *places) == []


def test_no_address_is_printed_even_where_tracebacks_show_local_variables(failed: Failed) -> None:
    assert leaks.found_in_text(ADDRESSES, failed.printed) == []
    # Airflow's own words stand there, so the failures did pass through it
    assert failed.printed.count("Task failed") >= len(failed.states) - 1


def test_what_went_wrong_is_told_all_the_same(failed: Failed) -> None:
    told = (
        "wrong or missing credentials",
        "state unknown",
        "rejects/rejected_share_of_newest_load",
        "planted_rows (13 rows)",
        "planted_error",
        "int_planted",
        "planted/rows (13 rows)",
        "planted/raises (",
        "unexpected ValueError at ",
        "unexpected ConversionException at due.py",
    )
    assert [words for words in told if words not in failed.printed] == []


def test_every_failure_was_notified_by_names_and_ids(failed: Failed) -> None:
    assert len(failed.webhook.bodies) == len(failed.states) - 1
    for body in failed.webhook.bodies:
        told = json.loads(json.loads(body)["text"].removeprefix("reveil: task failed: "))
        assert set(told) == {"dag", "task", "run", "try"}
    assert leaks.found_in_text(ADDRESSES, *failed.webhook.bodies) == []


def test_bad_rows_are_kept_by_place_and_reason_alone(failed: Failed) -> None:
    with leaks.Warehouse(failed.desk.settings).read("test") as connection:
        rejects = connection.execute("select * from raw.rejects").fetchall()
    assert len(rejects) == 4
    assert leaks.found_in_text(MARKERS, repr(rejects)) == []


def test_no_file_with_addresses_is_left_in_the_scratch_folder(failed: Failed) -> None:
    scratch = failed.desk.settings.scratch
    assert [file for file in scratch.rglob("*") if file.is_file()] == []


# the same on the terminal


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["load", "--check"], 0),
        (["load"], 0),
        (["check", "raw"], 0),
        (["preview"], 0),
        (["status", "--json"], 0),
        (["doctor"], 0),
        (["erase", "--as-of", company.NIGHT.isoformat()], 1),
        (["erase", "--as-of", company.NIGHT.isoformat(), "--json"], 1),
    ],
)
def test_commands_print_no_address(failed: Failed, words: list[str], code: int) -> None:
    done = failed.desk.run(*words)
    assert done.returncode == code, done.stderr
    assert leaks.found_in_text(ADDRESSES, done.stdout, done.stderr) == []


def test_an_unexpected_error_of_a_command_tells_its_class_and_place(failed: Failed) -> None:
    done = failed.desk.run("erase", "--as-of", company.NIGHT.isoformat())
    assert "ConversionException" in done.stderr
    assert "due.py" in done.stderr
    assert "Could not convert" not in done.stderr


def test_a_push_that_fails_at_the_esp_prints_no_address(failed: Failed) -> None:
    esp = failed.desk.esp
    assert esp is not None
    control(esp, "PUT", "/sandbox/faults", [{"match": "GET /api/subscribers", "kind": "500_before", "times": 9}])
    done = failed.desk.run("push", "--as-of", company.NIGHT.isoformat())
    assert done.returncode == 1
    assert "state unknown" in done.stderr
    assert leaks.found_in_text(ADDRESSES, done.stdout, done.stderr) == []


def test_the_search_sees_what_airflow_would_have_logged(failed: Failed, tmp_path: Path) -> None:
    log = tmp_path / "attempt=1.log"
    word = sorted(MARKERS)[0].decode()
    log.write_text(failed.printed + json.dumps({"event": "Task failed", "error_detail": f"Conversion Error: '{word}'"}))
    assert leaks.found(ADDRESSES, tmp_path) == [f"{log}: {word}"]
