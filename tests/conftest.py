"""Fixtures for every test, and dbt's project parsed once for all of them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

pytest_plugins = ["samples_fixture", "pushing_fixture"]

PARSED = "DBT_PARTIAL_PARSE_FILE_PATH"
"""Where dbt looks for an earlier parse. It compares every file with it, and parses those that differ."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Each test builds in a folder of its own, where dbt would parse the whole project again: 3 s each time."""
    cache = session.config.cache
    if hasattr(session.config, "workerinput") or cache is None:
        return  # workers inherit the variable
    file = Path(cache.mkdir("dbt")) / "partial_parse.msgpack"
    if not file.exists() or file.stat().st_mtime < _newest_model():
        _parse(file)
    os.environ[PARSED] = str(file)


def _newest_model() -> float:
    from reveil.settings import PROJECT

    return max(path.stat().st_mtime for path in (PROJECT / "dbt_project").rglob("*"))


def _parse(file: Path) -> None:
    from reveil.settings import Settings
    from reveil.transform import parse

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        parse(settings)
        shutil.move(settings.dbt_target / file.name, file)
