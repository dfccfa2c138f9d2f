"""A push that is killed between any two side effects: whoever goes on mails nobody twice and loses nobody.

Side effects are the provider's calls that change something and the journal's writes. The child process is a fork
that dies by SIGKILL right after the n-th of them; then a push in this process goes on.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from killing import kill_after, numbered
from pushing import NIGHT, adapter, make_warehouse, outcomes, query, settings_for
from sandboxes import sent, set_shares

from reveil.esp.listmonk import Listmonk
from reveil.push import plan, push
from reveil.push.journal import Journal
from reveil.sandbox import SandboxHandle, running
from reveil.settings import Settings
from reveil.warehouse import Warehouse

CONTACTS = 6
OWNERS: dict[Any, tuple[str, ...]] = {
    Listmonk: ("create_list", "upload", "remove_members", "create_campaign", "start", "discard", "suppress"),
    Journal: ("intend", "record", "map_contacts", "release", "finish_run"),
}


@pytest.fixture(scope="module")
def handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    with running(tmp_path_factory.mktemp("sandbox"), clock=NIGHT) as started:
        set_shares(started)
        yield started


def killed(settings: Settings, number: int) -> None:
    """Push in a process that dies right after that side effect."""
    kill_after(number, OWNERS, lambda: push(settings, adapter(settings), NIGHT, now=NIGHT))


def prepared(folder: Path, handle: SandboxHandle, name: str) -> Settings:
    """A warehouse of its own, with contacts of its own and a night of its own, on the shared sandbox."""
    settings = settings_for(folder / name, handle)
    make_warehouse(settings, CONTACTS, prefix=name)
    with Warehouse(settings).write("test") as connection:  # a name of its own keeps the batches apart
        connection.execute("update marts.next_step set message = 'we_miss_you', step = ?", [name])
    plan(settings, NIGHT, now=NIGHT)
    return settings


def messages(handle: SandboxHandle, name: str) -> Counter[str]:
    return Counter(row["email"] for row in sent(handle) if row["email"].startswith(name))


def test_a_push_killed_at_any_side_effect_mails_everybody_once(tmp_path: Path, handle: SandboxHandle) -> None:
    whole = prepared(tmp_path, handle, "whole")
    with numbered(OWNERS) as effects:
        push(whole, adapter(whole), NIGHT, now=NIGHT)
    assert len(effects) >= 12, effects  # two batches of six side effects each, at least
    assert set(messages(handle, "whole").values()) == {1}

    for number in range(1, len(effects) + 1):
        name = f"k{number:02}"
        settings = prepared(tmp_path, handle, name)
        killed(settings, number)
        push(settings, adapter(settings), NIGHT, now=NIGHT)
        where = f"killed after side effect {number}, {effects[number - 1]}"
        assert messages(handle, name) == {f"{name}{n:03}@gmail.example": 1 for n in range(CONTACTS)}, where
        assert Counter(outcomes(settings).values()) == {"sent": CONTACTS}, where
        assert query(settings, "select count(*) from journal.batch_contacts") == [(CONTACTS,)], where


def test_a_killed_push_that_nobody_resumes_in_time_releases_its_contacts(tmp_path: Path, handle: SandboxHandle) -> None:
    settings = prepared(tmp_path, handle, "late")
    killed(settings, 3)
    tomorrow = NIGHT + timedelta(days=1)
    with Warehouse(settings).write("test") as connection:
        connection.execute("update marts.contact_status set as_of = ?", [tomorrow])
    push(settings, adapter(settings), tomorrow, now=tomorrow)
    assert messages(handle, "late") == Counter()
    assert outcomes(settings) == {}
