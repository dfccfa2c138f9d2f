"""An erasure that is killed after any of its side effects: whoever goes on ends it, once, and touches nobody else.

One run is killed again and again: each process dies one side effect further into the step at hand than the one
before it, until the step is done; then the next step is tried the same way.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from erasing import DUE, STAY, adapter, address, ledger, make, marks, rows, run, settings_at
from killing import die, numbered

from reveil.compliance import Compliance
from reveil.erasure import steps
from reveil.erasure.state import RunFolder
from reveil.sandbox import running
from reveil.settings import Settings
from reveil.warehouse import Warehouse

OWNERS: dict[Any, tuple[str, ...]] = {
    RunFolder: ("make", "note", "advance", "remove"),
    Path: ("replace",),
    Compliance: ("add_suppressions",),
    steps: ("erase_at_esp", "sweep_landing", "sweep_traces", "build", "rewrite", "publish", "verify", "record"),
}
MOST_KILLS = 150
PATIENCE_SECONDS = 60


def go_on(settings: Settings, number: int) -> bool:
    """Erase in a process of its own that dies right after that side effect; whether it was reached."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE_SECONDS)  # a fork of a process with threads may hang: that is one more kill
        try:
            with numbered(OWNERS, lambda current: die() if current == number else None):
                run(settings)
            os._exit(0)
        finally:
            os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"failed before side effect {number}"
    return os.WIFSIGNALED(status)


def progress(settings: Settings) -> list[tuple[str, str]]:
    """Which runs are how far."""
    return [
        (folder.path.name, folder.read().done if folder.is_whole else "removing")
        for folder in RunFolder.unfinished(settings)
    ]


@pytest.mark.slow
def test_an_erasure_killed_after_any_side_effect_ends_once_and_touches_nobody_else(tmp_path: Path) -> None:
    with running(tmp_path / "sandbox") as handle:
        settings = settings_at(tmp_path / "data", handle)
        make(settings)
        before = rows(settings)
        kills: list[tuple[str, str, int]] = []
        number, at = 1, progress(settings)
        while go_on(settings, number):
            now = progress(settings)
            kills.append((*(now[0] if now else ("", "")), number))
            number, at = (1, now) if now != at else (number + 1, now)
            assert len(kills) < MOST_KILLS, kills[-20:]

        stopped_in = {step for _, step, _ in kills}
        assert stopped_in >= {*steps.STEPS}, stopped_in  # every step was done and its process killed
        assert progress(settings) == []
        records = ledger(settings)
        assert [one["run_id"] for one in records] == ["2026-11-23-requests-1", "2026-11-23-retention-1"]
        assert [one["reasons"] for one in records] == [{"request": 1}, {"retention": 3}]
        assert all(one["seen"]["found"] == 0 and one["seen"]["values"] for one in records)
        assert rows(settings) == before
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
