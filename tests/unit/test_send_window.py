"""When messages may leave."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.errors import BadInput
from reveil.push.window import Closed, Window, next_send_instant

PARIS = Window(time(9), time(18), "Europe/Paris")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-07-01 10:00", "2026-07-01 10:00"),  # noon in Paris: now
        ("2026-07-01 02:00", "2026-07-01 07:00"),  # before it opens
        ("2026-07-01 16:00", "2026-07-02 07:00"),  # 18:00 in Paris: it has closed
        ("2026-07-01 23:00", "2026-07-02 07:00"),  # the next day there already
        ("2026-01-01 02:00", "2026-01-01 08:00"),  # winter time
        ("2026-03-28 20:00", "2026-03-29 07:00"),  # clocks are put on in the night
        ("2026-10-24 20:00", "2026-10-25 08:00"),  # and back
    ],
)
def test_the_next_instant_is_told_on_the_clocks_of_the_zone(now: str, expected: str) -> None:
    assert next_send_instant(PARIS, [], datetime.fromisoformat(now)) == datetime.fromisoformat(expected)


def test_without_window_and_blackout_it_is_now() -> None:
    assert next_send_instant(None, [], datetime(2026, 7, 1, 3, 4)) == datetime(2026, 7, 1, 3, 4)


def test_a_blackout_holds_whole_days_of_the_zone_and_blackouts_follow_each_other() -> None:
    blackout = [Closed(date(2026, 12, 24), date(2026, 12, 26)), Closed(date(2026, 12, 27), date(2026, 12, 27))]
    assert next_send_instant(PARIS, blackout, datetime(2026, 12, 24, 10)) == datetime(2026, 12, 28, 8)
    assert next_send_instant(None, blackout, datetime(2026, 12, 24, 10)) == datetime(2026, 12, 28)
    assert next_send_instant(PARIS, blackout, datetime(2026, 12, 23, 10)) == datetime(2026, 12, 23, 10)


def test_a_window_may_run_over_midnight() -> None:
    night = Window(time(22), time(2), "Europe/Paris")
    assert next_send_instant(night, [], datetime(2026, 7, 1, 12)) == datetime(2026, 7, 1, 20)
    assert next_send_instant(night, [], datetime(2026, 7, 1, 23)) == datetime(2026, 7, 1, 23)


def test_an_opening_that_does_not_exist_on_a_day_is_passed_over() -> None:
    gap = Window(time(2), time(2, 30), "Europe/Paris")
    assert next_send_instant(gap, [], datetime(2026, 3, 28, 12)) == datetime(2026, 3, 30)


def test_a_blackout_without_end_is_told() -> None:
    closed = [Closed(date(1998 + n, 1, 1), date(1998 + n, 12, 31)) for n in range(1001)]
    with pytest.raises(BadInput, match="no time to send"):
        next_send_instant(None, closed, datetime(1998, 7, 1))


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    opens=st.times(),
    closes=st.times(),
    zone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    start=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    days=st.integers(0, 30),
)
def test_the_instant_lies_within_the_window_and_never_in_the_past(
    now: datetime, opens: time, closes: time, zone: str, start: date, days: int
) -> None:
    window, closed = Window(opens, closes, zone), Closed(start, start + timedelta(days=days))
    at = next_send_instant(window, [closed], now)
    local = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    assert at >= now
    assert window.holds(local.time())
    assert not closed.first <= local.date() <= closed.last
