"""A sync of the regular lists that is killed after any side effect: the next one ends in the same lists."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from killing import kill_after, numbered
from pushing import NIGHT, adapter, make_warehouse, query, settings_for
from regular import change, is_to_get, on_lists, sync, sync_counting
from sandboxes import set_shares

from reveil.esp.listmonk import Listmonk
from reveil.push import sync_regular
from reveil.push.regular_journal import RegularJournal
from reveil.sandbox import SandboxHandle, running
from reveil.settings import Settings

pytestmark = pytest.mark.slow

NEXT = NIGHT + timedelta(days=1)
BEFORE = {f"c{n:03}": "weekly" for n in range(6)}
AFTER = {"c000": "weekly", "c001": "weekly", "c002": "weekly", "c003": "monthly", "c006": "weekly", "c007": "weekly"}
EXPECTED = {"weekly": ["c000", "c001", "c006", "c007", "moved"], "monthly": ["c003"]}
OWNERS: dict[Any, tuple[str, ...]] = {
    Listmonk: ("create_list", "upload", "remove_members"),
    RegularJournal: ("read_back", "confirm", "forget", "finish_run"),
}


def killed(settings: Settings, number: int) -> None:
    """Sync in a process that dies right after that side effect."""
    kill_after(number, lambda: sync_regular(settings, adapter(settings), NEXT, now=NEXT), OWNERS)


def prepared(folder: Path, handle: SandboxHandle) -> Settings:
    """Lists of a first night; on the second some leave, some come, one moves house and one wants fewer messages."""
    settings = settings_for(folder / "data", handle)
    make_warehouse(settings, 8)
    is_to_get(settings, BEFORE)
    sync(settings)
    change(
        settings,
        "update raw.crm_contacts set normalised_email = 'moved@gmail.example', load_id = 2 where contact_id = 'c002'",
    )
    change(settings, "delete from journal.regular_read_backs")  # so that this night reads back, too
    is_to_get(settings, AFTER, NEXT)
    return settings


def test_a_sync_killed_after_any_side_effect_is_completed_by_the_next(tmp_path: Path) -> None:
    effects: list[str] = []
    for number in range(20):
        folder = tmp_path / str(number)
        with running(folder / "sandbox", clock=NIGHT) as handle:
            set_shares(handle)
            settings = prepared(folder, handle)
            if number == 0:
                with numbered(OWNERS) as seen:
                    sync(settings, NEXT)
                effects = list(seen)
            else:
                killed(settings, number)
                sync(settings, NEXT)
            where = f"killed after side effect {number} of {effects}"
            assert on_lists(settings, handle) == EXPECTED, where
            members = query(
                settings, "select contact_id from journal.regular_members where state = 'member' order by 1"
            )
            assert [name for (name,) in members] == sorted(AFTER), where
            assert sync_counting(settings, NEXT) == [], where
        if number == len(effects):
            break
    assert len(effects) >= 10, effects
