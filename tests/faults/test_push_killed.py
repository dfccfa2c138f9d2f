"""A push that is killed between any two side effects: whoever goes on mails nobody twice and loses nobody.

Side effects are found where they leave the process: each request to the provider that may change something, and each
connection of the warehouse that was opened for writing. A clean run counts them; then one run is killed after each,
and a second push goes on. The child is a fork that dies by SIGKILL.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from killing import kill_after, side_effects
from pushing import NIGHT, Night, Template, adapter, decide_for, outcomes, query
from sandboxes import set_shares

from reveil.push import push
from reveil.sandbox import SandboxHandle, running

CONTACTS = 6


@pytest.fixture(scope="module")
def handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    with running(tmp_path_factory.mktemp("sandbox"), clock=NIGHT) as started:
        set_shares(started)
        yield started


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, handle: SandboxHandle) -> Template:
    return Template(tmp_path_factory.mktemp("template"), handle, CONTACTS)


def killed(night: Night, number: int) -> None:
    """Push in a process that dies right after that side effect."""
    kill_after(number, night.push)


def test_a_push_killed_at_any_side_effect_mails_everybody_once(tmp_path: Path, template: Template) -> None:
    whole = template.night(tmp_path, "whole")
    with side_effects() as effects:
        whole.push()
    assert whole.messages() == dict.fromkeys(whole.addresses, 1)
    kinds = Counter(effect.partition(" ")[0] for effect in effects)
    assert kinds["POST"] >= 6, effects  # two batches: list, import, campaign
    assert kinds["PUT"] >= 2, effects  # their starts
    assert kinds["write"] >= 10, effects

    for number in range(1, len(effects) + 1):
        night = template.night(tmp_path, f"k{number:02}")
        killed(night, number)
        night.push()
        where = f"killed after side effect {number}, {effects[number - 1]}"
        assert night.messages() == dict.fromkeys(night.addresses, 1), where
        assert Counter(outcomes(night.settings).values()) == {"sent": CONTACTS}, where
        assert query(night.settings, "select count(*) from journal.batch_contacts") == [(CONTACTS,)], where
    print(f"killed at each of {len(effects)} side effects: {dict(kinds)}; nobody twice, nobody lost")


def test_a_killed_push_that_nobody_resumes_in_time_releases_its_contacts(tmp_path: Path, template: Template) -> None:
    whole = template.night(tmp_path, "count")
    with side_effects() as effects:
        whole.push()
    intents = next(number for number, effect in enumerate(effects, start=1) if "write intents" in effect)
    night = template.night(tmp_path, "late")
    killed(night, intents + 2)
    tomorrow = NIGHT + timedelta(days=1)
    decide_for(night.settings, tomorrow)
    push(night.settings, adapter(night.settings), tomorrow, now=tomorrow)
    assert night.messages() == {}
    assert outcomes(night.settings) == {}
