"""A step that needs a person waits for one on Airflow's pages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commands import Desk
from pushing import make_warehouse, query

from reveil.rules import write_rules
from reveil.sandbox import SandboxHandle, running
from reveil.settings import Settings

NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
APPROVALS = "select campaign, file_digest, contacts, approved_by from journal.approvals"


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[SandboxHandle]:
    with running(tmp_path / "sandbox", clock=NOW) as started:
        yield started


@pytest.fixture
def desk(tmp_path: Path, handle: SandboxHandle) -> Desk:
    """What the settings take for a real provider, with nine contacts to mail tonight."""
    there = Desk(tmp_path, handle, provider="listmonk")
    settings = Settings(data=there.data)
    write_rules(settings)
    make_warehouse(settings, 9, as_of=NOW)
    return there


def answered(desk: Desk, answer: str) -> dict[str, Any]:
    script = Path(__file__).with_name("answer_approval.py")
    command = [sys.executable, str(script), NOW.isoformat(), answer]
    done = subprocess.run(command, env=desk.environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_a_plan_that_needs_a_person_waits_tells_why_and_goes_on_in_their_name(desk: Desk) -> None:
    told = answered(desk, "Approve")
    assert told["asked"]["task"] == "plan"
    assert "winback: its file or a text is new or changed" in told["asked"]["body"]
    assert "gmail.example" not in json.dumps(told)
    assert told["state"] == "success"
    assert query(Settings(data=desk.data), APPROVALS) == [("winback", "v1", 9, "Ann of data")]
    assert query(Settings(data=desk.data), "select count(*) from journal.audience") == [(9,)]


def test_a_rejection_fails_the_step_and_plans_nobody(desk: Desk) -> None:
    assert answered(desk, "Reject")["state"] == "failed"
    assert query(Settings(data=desk.data), APPROVALS) == []
    assert query(Settings(data=desk.data), "select count(*) from journal.audience") == [(0,)]
