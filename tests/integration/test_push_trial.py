"""Tests of a message, and the look at the provider: nobody of the audience is mailed."""

from collections import Counter
from pathlib import Path

import pytest
from commands import Desk, figures, good
from pushing import NIGHT, adapter, make_warehouse, query, settings_for
from sandboxes import control, sent

from reveil.errors import BadInput, Refused
from reveil.push import plan
from reveil.push.trial import send_tests
from reveil.sandbox import SandboxHandle
from reveil.settings import EspSettings

HERE = "marketing@shop.example"


def test_each_message_of_the_plan_goes_to_one_address_and_to_nobody_else(tmp_path: Path, handle: SandboxHandle) -> None:
    settings = settings_for(tmp_path / "data", handle)
    make_warehouse(settings, 4)
    plan(settings, NIGHT, now=NIGHT)
    report = send_tests(settings, adapter(settings), NIGHT, HERE)
    assert report.figures == {"tests": 2}
    assert HERE not in " ".join(report.lines)
    tests = Counter((row["email"], row["subject"]) for row in control(handle, "GET", "/sandbox/tests"))
    assert tests == {(HERE, "We have missed you"): 1, (HERE, "Vous nous avez manqué"): 1}
    assert sent(handle) == []
    assert query(settings, "select count(*) from journal.batches") == [(0,)]
    assert query(settings, "select count(*) from journal.audience") == [(4,)]


def test_what_is_no_address_or_not_allowed_is_refused_without_naming_it(tmp_path: Path, handle: SandboxHandle) -> None:
    settings = settings_for(tmp_path / "data", handle)
    with pytest.raises(BadInput) as refusal:
        send_tests(settings, adapter(settings), NIGHT, "nobody at all")
    assert "nobody" not in str(refusal.value)
    real = settings_for(tmp_path / "real", esp=EspSettings(provider="listmonk", url="http://127.0.0.1:9"))
    with pytest.raises(Refused, match="side_effects"):
        send_tests(real, adapter(real), NIGHT, HERE)


def test_the_commands_without_a_warehouse(tmp_path: Path, handle: SandboxHandle) -> None:
    desk = Desk(tmp_path, esp=handle)
    pushed = good(desk.run("push", "--as-of", "1998-07-01", "--test-to", HERE, "--json"))
    assert figures(pushed)["tests"] >= 2  # the campaign files' first steps
    assert HERE not in pushed.stdout + pushed.stderr
    told = good(desk.run("esp", "check")).stdout
    assert "1 of the lists are ours" in told
    assert "accepts our credentials" in told
    assert sent(handle) == []
