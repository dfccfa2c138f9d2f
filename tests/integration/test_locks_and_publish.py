"""Who waits for whom: builds for each other, nobody for the published copy."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import company
import duckdb
import pytest
from commands import Desk, figures, good

from reveil.errors import Busy
from reveil.warehouse import hold

LATER = company.NIGHT + timedelta(days=1)
READ = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchall())"
COUNT = "select count(*), max(as_of)::varchar from marts.contact_status"
_PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A company's warehouse, built and published for its night."""
    desk = Desk(tmp_path_factory.mktemp("locks"))
    company.export(desk.settings.landing)
    good(desk.run("load", "--as-of", company.NIGHT.isoformat()))
    good(desk.run("build", "--as-of", company.NIGHT.isoformat()))
    good(desk.run("publish"))
    return desk


@pytest.fixture(scope="module")
def building(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    """A build of the next night that has just taken the warehouse."""
    child = desk.start("build", "--as-of", LATER.isoformat())
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while holder(desk) != f"`build` (process {child.pid})":
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline, "the build never took the warehouse"
        time.sleep(0.01)
    yield child
    child.communicate(timeout=_PATIENCE_SECONDS)


def holder(desk: Desk) -> str | None:
    """Who holds the warehouse's lock now, as a command would tell it."""
    with suppress(FileNotFoundError):
        try:
            with hold(desk.settings.warehouse.with_suffix(".lock"), "test", wait_seconds=0):
                return None
        except Busy as busy:
            return str(busy).split("held by ")[1].split(" after")[0]
    return None


def read(desk: Desk) -> str:
    """What another process reads from the published copy."""
    words = [sys.executable, "-c", READ, str(desk.settings.published), COUNT]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_while_a_build_writes_others_read_and_builders_wait_or_are_told(
    desk: Desk, building: subprocess.Popen[str]
) -> None:
    hasty = Desk(desk.folder / "hasty", changes={"lock_wait_seconds": 0.1})
    environment = {**hasty.environment, "REVEIL_DATA": str(desk.data)}
    patient = desk.start("build", "--as-of", LATER.isoformat())
    refused = subprocess.run(
        [patient.args[0], "build", "--as-of", LATER.isoformat()],  # type: ignore[index]
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    seen = read(desk)
    assert building.poll() is None, "the build was over too soon to tell"
    assert refused.returncode == 1
    assert f"held by `build` (process {building.pid})" in refused.stderr
    assert "try again" in refused.stderr
    assert seen == f"[({company.CONTACTS}, '2025-03-10 00:00:00')]"
    assert building.wait(_PATIENCE_SECONDS) == 0
    _, stderr = patient.communicate(timeout=_PATIENCE_SECONDS)
    assert patient.returncode == 0, stderr


def test_a_build_changes_nothing_for_readers_until_it_is_published(desk: Desk, building: subprocess.Popen[str]) -> None:
    assert building.wait(_PATIENCE_SECONDS) == 0
    old = duckdb.connect(desk.settings.published, read_only=True)
    assert old.execute(COUNT).fetchall() == [(company.CONTACTS, "2025-03-10 00:00:00")]
    published = figures(desk.run("publish", "--json"))
    assert published["tables"]["contact_status"] == company.CONTACTS
    assert read(desk) == f"[({company.CONTACTS}, '2025-03-11 00:00:00')]"
    assert old.execute(COUNT).fetchall() == [(company.CONTACTS, "2025-03-10 00:00:00")]
    old.close()
    assert list(desk.data.glob("published.duckdb?*")) == []


def test_the_published_copy_has_no_personal_column(desk: Desk) -> None:
    with duckdb.connect(desk.settings.published, read_only=True) as connection:
        columns = connection.execute("select distinct column_name from information_schema.columns").fetchall()
    names = {name for (name,) in columns}
    assert "contact_id" in names
    assert not names & {"email", "normalised_email", "first_name", "last_name"}


def test_a_program_that_knows_no_lock_of_ours_is_named(desk: Desk, tmp_path: Path) -> None:
    """An analyst who opens the warehouse itself."""
    code = "import duckdb, sys; held = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"
    words = [sys.executable, "-c", code, str(desk.settings.warehouse)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as analyst:
        assert analyst.stdout is not None
        assert analyst.stdout.readline() == "open\n"
        refused = desk.run("build", "--as-of", LATER.isoformat())
        analyst.communicate("\n", timeout=60)
    assert refused.returncode == 1
    assert f"(process {analyst.pid})" in refused.stderr
    assert "published copy" in refused.stderr


def test_a_publish_waits_for_the_writer_and_says_who_it_is(desk: Desk, tmp_path: Path) -> None:
    hasty = Desk(tmp_path, changes={"lock_wait_seconds": 0.1})
    before = desk.settings.published.stat().st_ino
    with hold(desk.settings.warehouse.with_suffix(".lock"), "load", wait_seconds=5):
        environment = {**hasty.environment, "REVEIL_DATA": str(desk.data)}
        words = [Path(sys.executable).with_name("reveil"), "publish"]
        refused = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert "held by `load`" in refused.stderr
    assert desk.settings.published.stat().st_ino == before


def test_status_and_preview_do_not_wait_for_the_writer(desk: Desk) -> None:
    with hold(desk.settings.warehouse.with_suffix(".lock"), "load", wait_seconds=5):
        assert figures(desk.run("status", "--json"))["due"] == 0
        assert figures(desk.run("preview", "--json"))["contacts"] == len(company.DORMANT)
