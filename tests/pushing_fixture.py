"""Fixtures of tests that push: a sandbox of quiet recipients, and a warehouse with nine decisions of tonight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pushing import CONTACTS, NIGHT, make_warehouse, settings_for
from sandboxes import set_shares

from reveil.sandbox import SandboxHandle, running
from reveil.settings import Settings


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[SandboxHandle]:
    with running(tmp_path / "sandbox", clock=NIGHT) as started:
        set_shares(started)
        yield started


@pytest.fixture
def here(tmp_path: Path, handle: SandboxHandle) -> Settings:
    settings = settings_for(tmp_path / "data", handle)
    make_warehouse(settings, CONTACTS)
    return settings
