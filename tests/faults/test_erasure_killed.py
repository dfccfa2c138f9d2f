"""An erasure that is killed anywhere: whoever goes on ends it, once, and touches nobody else.

Each start is a process of its own, forked from a server that has imported the libraries and started nothing. In the
first test it dies one side effect further into the step at hand than the one before it, until the step is done; then
the next step is tried the same way. In the second it dies at random moments.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import shutil
import signal
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from erasing import ASKED, DUE, OLD, STAY, adapter, address, erase_until, ledger, make, marks, rows, settings_at

from reveil.erasure import steps
from reveil.erasure.state import RunFolder
from reveil.publish import publish
from reveil.sandbox import SandboxHandle, running
from reveil.settings import Settings
from reveil.warehouse import Warehouse, connect

MOST_KILLS = 150
RANDOM_KILLS = 200
KILLS_A_RUN = 12
MOMENT_SECONDS = {"rebuild": 6.0}
"""About as long as a step takes here."""
SHORT_SECONDS = 0.3
"""The same of all others."""
LOOK_SECONDS = 0.002
WITHOUT_PERSONS = ("marts.campaign_results", "marts.campaign_lift")
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["erasing", "dbt.cli.main", "dbt.adapters.duckdb"])


def started(data: Path, handle: SandboxHandle, number: int = 0) -> BaseProcess:
    process = SERVER.Process(target=erase_until, args=(data, handle, number))
    process.start()
    return process


def was_killed(process: BaseProcess, seconds: float | None = None) -> bool:
    """Whether it died by SIGKILL, its own or ours after so many seconds, rather than ended."""
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode != 0


def progress(settings: Settings) -> list[tuple[str, str]]:
    """Which runs are how far."""
    return [
        (folder.path.name, folder.read().done if folder.is_whole else "removing")
        for folder in RunFolder.unfinished(settings)
    ]


def test_an_erasure_killed_after_any_side_effect_ends_once_and_touches_nobody_else(tmp_path: Path) -> None:
    with running(tmp_path / "sandbox") as handle:
        settings = settings_at(tmp_path / "data", handle)
        make(settings)
        publish(settings)
        before = kept(settings)
        kills: list[tuple[str, str, int]] = []
        number, at = 1, progress(settings)
        while was_killed(started(settings.data, handle, number)):
            require_whole_copy(settings)
            now = progress(settings)
            kills.append((*(now[0] if now else ("", "")), number))
            number, at = (1, now) if now != at else (number + 1, now)
            assert len(kills) < MOST_KILLS, kills[-20:]
        stopped_in = {step for _, step, _ in kills}
        assert stopped_in >= {*steps.STEPS}, stopped_in  # every step was done and its process killed
        print(f"killed {len(kills)} times, after each side effect of {len(steps.STEPS)} steps in two runs")
        require_complete(settings, before)


@pytest.mark.slow
def test_an_erasure_killed_at_random_moments_ends_once_and_touches_nobody_else(tmp_path: Path) -> None:
    with running(tmp_path / "sandbox") as handle:
        made = settings_at(tmp_path / "made", handle)
        make(made)
        publish(made)
        before = kept(made)
    rng = random.Random(20261125)
    kills: Counter[str] = Counter()
    nights = 0
    while kills.total() < RANDOM_KILLS:
        nights += 1
        shutil.copytree(tmp_path / "made", tmp_path / f"data{nights}")
        shutil.copytree(tmp_path / "sandbox", tmp_path / f"sandbox{nights}")
        with running(tmp_path / f"sandbox{nights}") as handle:
            settings = settings_at(tmp_path / f"data{nights}", handle)
            for _ in range(KILLS_A_RUN):
                killed = was_killed_in_a_step_ahead(started(settings.data, handle), settings, rng)
                require_whole_copy(settings)
                if not killed:
                    break
                at = progress(settings)
                kills[at[0][1] if at else "between runs"] += 1
            else:
                assert not was_killed(started(settings.data, handle))
            require_complete(settings, before)
        shutil.rmtree(tmp_path / f"data{nights}")
    print(f"{nights} erasures, {kills.total()} kills, last step done: {dict(kills)}")
    assert len(kills) >= len(steps.STEPS) - 1, "moments in few steps only"


def was_killed_in_a_step_ahead(process: BaseProcess, settings: Settings, rng: random.Random) -> bool:
    """Killed at a random moment of one of the steps that are not done yet, each as likely: by the clock alone nearly
    all would fall into the longest."""
    target = rng.randrange(min(_steps_done(settings), len(steps.STEPS) - 1), len(steps.STEPS))
    while process.is_alive() and _steps_done(settings) < target:
        process.join(LOOK_SECONDS)
    longest = MOMENT_SECONDS.get(list(steps.STEPS)[target], SHORT_SECONDS)
    return was_killed(process, rng.uniform(0, longest))


def _steps_done(settings: Settings) -> int:
    """Of the first run at hand; only looks, for the run goes on meanwhile."""
    for file in sorted(settings.erasure_runs.glob("[!.]*/state.json")):
        try:
            done = json.loads(file.read_text(encoding="utf-8"))["done"]
        except FileNotFoundError:
            continue
        return list(steps.STEPS).index(done) + 1 if done in steps.STEPS else 0
    return 0


def kept(settings: Settings) -> dict[str, Any]:
    """What an erasure leaves as it is: everybody else's rows, what campaigns led to, and what budgets gave out."""
    told: dict[str, Any] = dict(rows(settings))
    with Warehouse(settings).read("test") as connection:
        for table in WITHOUT_PERSONS:
            told[table] = connection.execute(f"select * from {table} order by all").fetchall()
        spent = "select budget, sum(amount) from journal.budget_entries group by budget"
        told["spent"] = connection.execute(spent).fetchall()
    return told


def require_whole_copy(settings: Settings) -> None:
    """What analysts read holds all of a run's people, or none of them."""
    with connect(settings.published, read_only=True) as connection:
        there = {one for (one,) in connection.execute("select contact_id from marts.contacts").fetchall()}
    assert there >= {*STAY}
    for people in (OLD, ASKED):
        assert there & {*people} in (set(), {*people}), "half erased, and published"


def require_complete(settings: Settings, before: dict[str, Any]) -> None:
    assert progress(settings) == []
    records = ledger(settings)
    assert [one["run_id"] for one in records] == ["2026-11-23-requests-1", "2026-11-23-retention-1"]
    assert [one["reasons"] for one in records] == [{"request": 1}, {"retention": 3}]
    assert all(one["seen"]["found"] == 0 and one["seen"]["values"] for one in records)
    assert kept(settings) == before
    assert remaining(settings) == list(STAY)
    assert adapter(settings).find(*(address(one) for one in DUE)) == []
    assert len(adapter(settings).find(*(address(one) for one in STAY))) == len(STAY)
    assert totals(settings) == (len(DUE), 5 * (len(STAY) + len(DUE)), 5)
    found = [file for file in settings.data.rglob("*") if file.is_file() and holds(file)]
    assert found == []
    assert not list(settings.erasure_runs.iterdir())


def remaining(settings: Settings) -> list[str]:
    with Warehouse(settings).read("test") as connection:
        query = "select contact_id from raw.crm_contacts order by 1"
        return [one for (one,) in connection.execute(query).fetchall()]


def totals(settings: Settings) -> tuple[int, int, int]:
    """Messages of erased people that results still count; money spent; orders in the archive."""
    with Warehouse(settings).read("test") as connection:
        sent = connection.execute("select sum(total) from journal.outcome_totals where measure = 'sent'").fetchall()
        spent = connection.execute("select sum(amount) from journal.budget_entries").fetchall()
        kept = connection.execute("select count(*) from archive.orders").fetchall()
    return int(sent[0][0]), int(spent[0][0]), int(kept[0][0])


def holds(file: Path) -> bool:
    content = file.read_bytes()
    return any(mark in content for mark in marks())
