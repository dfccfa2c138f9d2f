"""When a message may leave: within the hours of a campaign's send window, on no day of its blackout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reveil.errors import BadInput

_DAY = timedelta(days=1)
_LOOKS = 1_000
"""Openings tried before the campaign is said to be closed for good."""


@dataclass(frozen=True)
class Window:
    """Hours of every day on the clocks of a time zone. One that closes before it opens runs over midnight."""

    opens: time
    closes: time
    time_zone: str = "UTC"

    def holds(self, local: time) -> bool:
        if self.opens < self.closes:
            return self.opens <= local < self.closes
        return local >= self.opens or local < self.closes


@dataclass(frozen=True)
class Closed:
    """Days on which nothing leaves, both included, in the window's time zone."""

    first: date
    last: date


def next_send_instant(window: Window | None, blackout: Sequence[Closed], now: datetime) -> datetime:
    """The first instant from `now` on (naive UTC) at which messages may leave: `now` itself where they may.

    Clocks that are put on or back are followed: an opening that does not exist on a day is passed over. Raises BadInput
    where no such instant comes.
    """
    zone = ZoneInfo(window.time_zone) if window else ZoneInfo("UTC")
    at = now
    for _ in range(_LOOKS):
        local = at.replace(tzinfo=UTC).astimezone(zone)
        day = next((one for one in blackout if one.first <= local.date() <= one.last), None)
        if day is not None:
            at = _utc(day.last + _DAY, time(), zone)
        elif window is None or window.holds(local.time()):
            return at
        else:
            today = _utc(local.date(), window.opens, zone)
            at = today if today > at else _utc(local.date() + _DAY, window.opens, zone)
    raise BadInput("send_window and blackout leave no time to send; correct the campaign file")


def _utc(day: date, local: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, local, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
