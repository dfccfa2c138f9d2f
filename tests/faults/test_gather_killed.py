"""A gathering that is killed after any side effect, or while it reads: the next one brings every event, each once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from killing import kill_after, kill_within, side_effects
from pushing import NIGHT, Template, adapter, query
from sandboxes import set_shares

from reveil.push import gather
from reveil.sandbox import SandboxHandle, running
from reveil.settings import Settings

LATER = NIGHT + timedelta(days=30)
EVENTS = "select event_id, contact_id, event from raw.esp_events order by event_id"  # a blocklisting moves instants


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[SandboxHandle]:
    with running(tmp_path / "sandbox", clock=NIGHT) as started:
        set_shares(started, opened=1, clicked=1, unsubscribed=0.5)
        yield started


def test_a_gathering_killed_at_any_point_is_completed_by_the_next(tmp_path: Path, handle: SandboxHandle) -> None:
    night = Template(tmp_path / "template", handle, 8).night(tmp_path, "pushed")
    night.push()
    adapter(night.settings).move_sandbox_clock(LATER)

    def copy(name: str) -> Settings:
        settings = night.settings.model_copy(update={"data": tmp_path / name})
        settings.data.mkdir()
        shutil.copyfile(night.settings.warehouse, settings.warehouse)
        return settings

    whole = copy("whole")
    with side_effects() as effects:
        gather(whole, adapter(whole), LATER)
    expected = query(whole, EVENTS)
    assert {row[2] for row in expected} == {"opened", "clicked", "unsubscribed"}
    assert len(effects) >= 3, effects

    def killed(settings: Settings, number: int) -> None:
        def work() -> object:
            return gather(settings, adapter(settings), LATER)

        if number:
            kill_after(number, work)
        else:
            kill_within(0.15, work)  # while it reads

    for number in range(len(effects) + 1):
        settings = copy(f"k{number}")
        killed(settings, number)
        again = gather(settings, adapter(settings), LATER)
        assert query(settings, EVENTS) == expected, f"killed after {number} of {effects}"
        assert again.figures["events"]["opened"]["unknown"] == 0
        assert [file for file in settings.scratch.rglob("*") if file.is_file()] == []
