"""The sandbox's clock and how it writes instants."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reveil.sandbox.clock import Clock, micros, offset, parse, seconds, zulu
from reveil.sandbox.state import Sandbox
from reveil.sandbox.store import Store

NIGHT = micros(datetime(1998, 7, 1, 2))


def test_it_shows_the_walls_time_until_it_is_set(tmp_path: Path) -> None:
    times = iter([datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)])
    clock = Clock(Store(tmp_path / "sandbox.sqlite"), wall=lambda: next(times))
    assert [zulu(clock.now()), zulu(clock.now())] == ["2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"]


def test_once_set_it_stands_still_over_a_restart(tmp_path: Path) -> None:
    assert Sandbox.at(tmp_path).sender.advance(NIGHT)
    again = Sandbox.at(tmp_path)
    assert again.clock.is_set
    assert again.clock.now() == NIGHT


def test_it_never_goes_back(tmp_path: Path) -> None:
    sandbox = Sandbox.at(tmp_path)
    assert sandbox.sender.advance(NIGHT)
    assert not sandbox.sender.advance(NIGHT - 1)
    assert sandbox.sender.advance(NIGHT)
    assert sandbox.clock.now() == NIGHT


@pytest.mark.parametrize(
    ("microseconds", "written"),
    [(0, "1998-07-01T02:00:00"), (655_480, "1998-07-01T02:00:00.65548"), (500_000, "1998-07-01T02:00:00.5")],
)
def test_instants_have_as_many_decimals_as_they_need(microseconds: int, written: str) -> None:
    assert zulu(NIGHT + microseconds) == f"{written}Z"
    assert offset(NIGHT + microseconds) == f"{written}+00:00"
    assert seconds(NIGHT + microseconds) == "1998-07-01T02:00:00Z"


@pytest.mark.parametrize(
    "text", ["yesterday", "1998-07-01", "1998-07-01T02:00:00", "1998-07-01 02:00:00Z", "1998-13-01T02:00:00Z", ""]
)
def test_only_rfc_3339_is_an_instant(text: str) -> None:
    assert parse(text) is None


def test_an_instant_may_have_any_offset() -> None:
    assert parse("1998-07-01T04:00:00+02:00") == parse("1998-07-01T02:00:00Z") == NIGHT
