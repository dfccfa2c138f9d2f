"""Many nights in one command: only with the sandbox, only in a folder of their own, and resumable."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import company
import pytest
from commands import Desk, figures

from reveil.replay import Night, plot

FIRST, SECOND = company.NIGHT, company.NIGHT + timedelta(days=5)


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("replay"))
    company.export(desk.data / "landing")
    figures(desk.run("replay", "--from", str(FIRST.date()), "--to", str(FIRST.date()), "--json"))
    return desk


def written(desk: Desk) -> list[dict[str, str]]:
    with (desk.data / "replay" / "nights.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_night_is_written_as_soon_as_it_is_over(replayed: Desk) -> None:
    rows = written(replayed)
    assert [row["night"] for row in rows][:1] == [FIRST.isoformat()]
    assert sum(int(rows[0][name]) for name in ("active", "dormant", "lost")) == company.CONTACTS
    assert int(rows[0]["sent"]) == len(company.DORMANT)


def test_a_replay_goes_on_after_the_last_night_and_mails_nobody_twice(replayed: Desk) -> None:
    before = written(replayed)
    nights = figures(
        replayed.run("replay", "--from", str(FIRST.date()), "--to", str(SECOND.date()), "--every", "5d", "--json")
    )["nights"]
    assert [night["night"] for night in nights] == [FIRST.isoformat(), SECOND.isoformat()]
    assert {name: str(value) for name, value in nights[0].items()} == before[0]
    assert (replayed.data / "replay" / "nights.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_real_provider_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, provider="listmonk")
    done = desk.run("replay", "--from", "2025-03-01", "--to", "2025-03-02")
    assert (done.returncode, desk.data.exists()) == (2, False)
    assert "only with the sandbox" in done.stderr


def test_a_live_warehouse_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.data.mkdir()
    desk.settings.warehouse.touch()
    done = desk.run("replay", "--from", "2025-03-01", "--to", "2025-03-02")
    assert done.returncode == 2
    assert "is a live warehouse; name a folder of its own with REVEIL_DATA" in done.stderr


@pytest.mark.parametrize(
    "words",
    [("--from", "2025-03-02", "--to", "2025-03-01"), ("--from", "2025-03-01", "--to", "2025-03-02", "--every", "0d")],
)
def test_nights_out_of_order_are_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = Desk(tmp_path).run("replay", *words)
    assert done.returncode == 2
    assert "--every must be a day or more" in done.stderr


def test_the_plot_ends_at_its_figures() -> None:
    page = plot([Night("1998-07-01T00:00:00", active=30, dormant=60), Night("1998-07-08T00:00:00", active=60, sent=5)])
    assert "1998-07-01" in page
    assert page.count("<polyline") == 4
    assert 'text-anchor="end">60</text>' in page
