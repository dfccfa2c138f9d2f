"""A private folder for what passes between the warehouse and the provider, so that neither waits for the other."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reveil.settings import Settings


@contextmanager
def spool(settings: Settings, purpose: str) -> Iterator[Path]:
    """A folder that only we can read, gone at the end; what killed processes left of that purpose goes at once."""
    settings.scratch.mkdir(parents=True, exist_ok=True)
    for leftover in settings.scratch.glob(f"{purpose}-*"):
        if not _is_running(int(leftover.stem.rpartition("-")[2])):
            _remove(leftover)
    folder = settings.scratch / f"{purpose}-{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()
