from datetime import datetime
from pathlib import Path

import pytest

from reveil import permission
from reveil.errors import BadInput, Refused
from reveil.settings import EspSettings, Settings

NOW = datetime(2026, 11, 22, 2)
REAL = EspSettings(provider="listmonk")


def settings(tmp_path: Path, **values: object) -> Settings:
    return Settings.model_validate({"data": tmp_path, "esp": REAL, **values})


@pytest.mark.parametrize(
    ("setting", "send", "erase"),
    [("none", False, False), ("send", True, False), ("send_and_erase", True, True)],
)
def test_side_effects_happen_only_where_the_settings_say_so(
    tmp_path: Path, setting: str, send: bool, erase: bool
) -> None:
    here = settings(tmp_path, side_effects=setting)
    assert permission.is_allowed(here, "send") is send
    assert permission.is_allowed(here, "erase") is erase


def test_the_default_is_no_side_effects(tmp_path: Path) -> None:
    assert not permission.is_allowed(settings(tmp_path), "send")


def test_the_sandbox_is_always_allowed_everything(tmp_path: Path) -> None:
    here = settings(tmp_path, esp=EspSettings(provider="sandbox"))
    assert permission.is_allowed(here, "send")
    assert permission.is_allowed(here, "erase")


@pytest.mark.parametrize("as_of", [datetime(2026, 11, 20, 13), datetime(2026, 11, 23, 15), datetime(1998, 7, 1)])
def test_an_as_of_far_from_the_clock_is_refused_with_a_real_provider(tmp_path: Path, as_of: datetime) -> None:
    with pytest.raises(BadInput, match="36 hours from the clock") as refusal:
        permission.require_near_the_clock(settings(tmp_path), as_of, NOW)
    assert refusal.value.exit_code == 2


@pytest.mark.parametrize("as_of", [datetime(2026, 11, 20, 14), datetime(2026, 11, 22, 2), datetime(2026, 11, 23, 14)])
def test_an_as_of_within_36_hours_passes(tmp_path: Path, as_of: datetime) -> None:
    permission.require_near_the_clock(settings(tmp_path), as_of, NOW)
    with pytest.raises(BadInput):
        permission.require_near_the_clock(settings(tmp_path, as_of_tolerance_hours=1), datetime(2026, 11, 22, 4), NOW)


def test_the_sandbox_may_live_in_any_year(tmp_path: Path) -> None:
    here = settings(tmp_path, esp=EspSettings(provider="sandbox"))
    permission.require_near_the_clock(here, datetime(1998, 7, 1), NOW)
    with pytest.raises(BadInput):
        permission.require_near_the_clock(settings(tmp_path), datetime(1998, 7, 1), NOW)


def test_pause_stops_and_says_why(tmp_path: Path) -> None:
    here = settings(tmp_path)
    permission.require_not_paused(here)
    here.pause_file.write_text("too many complaints\n")
    with pytest.raises(Refused, match="too many complaints"):
        permission.require_not_paused(here)
