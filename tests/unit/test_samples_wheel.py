"""The log comes out of the one published wheel, or a person is told what to do."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from reveil.errors import BadInput
from reveil.samples import wheel

WHEEL = "lifetimes-0.11.3-py3-none-any.whl"


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip may look nowhere."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


def _pack(path: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{wheel.FOLDER}/{name}", content)
    return path


def test_without_an_index_the_message_says_what_to_do(tmp_path: Path, no_index: None) -> None:
    with pytest.raises(BadInput, match="set up pip's index"):
        wheel.fetch(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_wheel_in_the_cache_needs_no_index(tmp_path: Path, no_index: None) -> None:
    cached = _pack(tmp_path / WHEEL, "CDNOW_master.txt", b"")
    assert wheel.fetch(tmp_path) == cached


def test_another_version_in_the_cache_is_not_taken(tmp_path: Path, no_index: None) -> None:
    _pack(tmp_path / "lifetimes-0.11.30-py3-none-any.whl", "CDNOW_master.txt", b"")
    with pytest.raises(BadInput, match="could not download"):
        wheel.fetch(tmp_path)


def test_a_changed_log_is_refused(tmp_path: Path) -> None:
    changed = _pack(tmp_path / WHEEL, "CDNOW_master.txt", b" customer_id date\n")
    with pytest.raises(BadInput, match="not the published one"):
        wheel.master_log(changed)


def test_half_a_wheel_is_refused(tmp_path: Path) -> None:
    half = tmp_path / WHEEL
    half.write_bytes(b"PK\x03\x04")
    with pytest.raises(BadInput, match="not a whole wheel"):
        wheel.master_log(half)


def test_a_wheel_without_the_log_is_refused(tmp_path: Path) -> None:
    other = _pack(tmp_path / WHEEL, "other.txt", b"")
    with pytest.raises(BadInput, match="not a whole wheel"):
        wheel.master_log(other)


def test_a_wheel_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"{WHEEL}: not found"):
        wheel.master_log(tmp_path / WHEEL)
