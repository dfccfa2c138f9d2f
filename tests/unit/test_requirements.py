"""The lock files: pinned, hashed, naming no index, and in step with each other and pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = ("runtime", "dev", "docker")

Pins = dict[str, set[tuple[str, str, frozenset[str]]]]


def entries(lock: str) -> list[str]:
    """One string per requirement, its hashes included."""
    text = (PROJECT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    joined = text.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def pins(lock: str) -> Pins:
    """Name → the (version, marker, hashes) it is locked at; several where markers split it."""
    found: Pins = {}
    for entry in entries(lock):
        requirement, *hashes = re.split(r"\s+--hash=", entry)
        parsed = Requirement(requirement)
        version = str(parsed.specifier).removeprefix("==")
        found.setdefault(canonicalize_name(parsed.name), set()).add(
            (version, str(parsed.marker or ""), frozenset(hashes))
        )
    return found


def applying_here(lock: str) -> dict[str, str]:
    """Name → version for the interpreter that runs this."""
    return {
        name: version
        for name, locked in pins(lock).items()
        for version, marker, _ in locked
        if not marker or Marker(marker).evaluate()
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_with_hashes(lock: str) -> None:
    pinned = re.compile(r"[A-Za-z0-9][\w.-]*==\S+(?: ; [^-]\S.*?)?(?:\s+--hash=sha256:[0-9a-f]{64})+")
    loose = [entry.split(" --hash")[0] for entry in entries(lock) if not pinned.fullmatch(entry)]
    assert loose == []
    assert len(entries(lock)) > 100


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index_a_file_or_an_address(lock: str) -> None:
    text = (PROJECT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|^\s*(-i|-f|-e|--(extra-)?index-url|--find-links|--trusted-host)\b| @ ", text, re.M)


@pytest.mark.parametrize("other", ["dev", "docker"])
def test_runtime_versions_stand_identically_in_the_other_locks(other: str) -> None:
    runtime, wider = pins("runtime"), pins(other)
    different = [name for name, locked in runtime.items() if wider.get(name) != locked]
    assert different == []
    assert len(wider) > len(runtime)


@pytest.mark.parametrize(("lock", "extra"), [("runtime", None), ("dev", "dev"), ("docker", "postgres")])
def test_every_dependency_of_the_project_is_locked_at_an_allowed_version(lock: str, extra: str | None) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + (project["optional-dependencies"][extra] if extra else [])
    locked = pins(lock)
    for text in wanted:
        requirement = Requirement(text)
        versions = [version for version, _, _ in locked.get(canonicalize_name(requirement.name), ())]
        assert versions, f"{requirement.name} is not in requirements/{lock}.txt: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), text


def test_tests_run_on_the_locked_versions() -> None:
    installed: dict[str, str] = {
        canonicalize_name(found.metadata["Name"]): found.version
        for found in metadata.distributions()
        if found.metadata["Name"]
    }
    wrong = {
        name: (version, installed.get(name))
        for name, version in applying_here("dev").items()
        if installed.get(name) != version
    }
    assert wrong == {}
