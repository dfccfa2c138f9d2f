"""When a call is tried again, and how long to wait before."""

from __future__ import annotations

import random
from collections.abc import Mapping

_BASE_SECONDS = 0.5
_LONGEST_SECONDS = 60.0
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 524})


def is_transient(status: int) -> bool:
    """Whether the same call may succeed later without anybody changing anything."""
    return status in _TRANSIENT


def was_not_processed(status: int) -> bool:
    """Whether the provider surely did nothing: rate limits are checked before any work is done.

    A 5xx says nothing of the kind: the work may be done and only the answer lost.
    """
    return status in (425, 429)


def delay(attempt: int, headers: Mapping[str, str], rng: random.Random) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1).

    The provider's own word (Retry-After, or Brevo's x-sib-ratelimit-reset, in seconds) wins, up to
    a bound, so that one answer cannot stall a night. Otherwise the wait doubles with each attempt and is
    drawn at random from the whole interval, so that clients which failed together do not come back
    together (the "full jitter" of exponential backoff).
    """
    for header in ("Retry-After", "x-sib-ratelimit-reset"):
        value = headers.get(header, "")
        if value.isdecimal():
            return min(float(value), _LONGEST_SECONDS)
    return rng.uniform(0, min(_LONGEST_SECONDS, _BASE_SECONDS * 2 ** (attempt - 1)))
