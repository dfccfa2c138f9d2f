"""When a call is tried again, and how long to wait before."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 60.0
"""No single wait is longer: one answer must not stall a night."""
_BASE_SECONDS = 0.5
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 524})
_FAMILIES = ("RateLimit", "X-RateLimit", "X-Sib-RateLimit")
_EPOCH = 1_000_000_000
"""A reset above this is an instant (seconds since 1970), as GitHub and others write it; below, a number of seconds."""


def is_transient(status: int) -> bool:
    """Whether the same call may succeed later without anybody changing anything."""
    return status in _TRANSIENT


def was_not_processed(status: int) -> bool:
    """Whether the provider surely did nothing: rate limits are checked before any work is done.

    A 5xx says nothing of the kind: the work may be done and only the answer lost.
    """
    return status in (425, 429)


def asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a refusal asks to wait, None where it does not say: Retry-After (seconds or a date), else the
    reset of a rate limit. `headers` ignores case; `now` is aware."""
    after = _seconds(headers.get("Retry-After", ""), now)
    if after is not None:
        return after
    resets = (_seconds(headers.get(f"{family}-Reset", ""), now) for family in _FAMILIES)
    return next((reset for reset in resets if reset is not None), None)


def used_up(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds until the next call is allowed, by what an answer announces of the limit: 0 while calls are left.

    RateLimit-Remaining and -Reset, with X- before them as most servers write it, or X-Sib- (Brevo). `headers` ignores
    case; `now` is aware.
    """
    waits = [
        _seconds(headers.get(f"{family}-Reset", ""), now) or 0.0
        for family in _FAMILIES
        if headers.get(f"{family}-Remaining", "").strip() == "0"
    ]
    return max(waits, default=0.0)


def delay(attempt: int, headers: Mapping[str, str], now: datetime, rng: random.Random) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1).

    The provider's own word wins. Otherwise the wait doubles with each attempt and is drawn at random from the whole
    interval, so that clients which failed together do not come back together (the "full jitter" of exponential
    backoff).
    """
    word = asked(headers, now)
    if word is not None:
        return word
    return rng.uniform(0, min(LONGEST_SECONDS, _BASE_SECONDS * 2 ** (attempt - 1)))


def _seconds(text: str, now: datetime) -> float | None:
    """From now on; None where the text is neither a number nor a date."""
    text = text.strip()
    if text.isdecimal():
        number = float(text)
        return max(0.0, number - now.timestamp()) if number > _EPOCH else number
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (instant.replace(tzinfo=instant.tzinfo or UTC) - now).total_seconds())
