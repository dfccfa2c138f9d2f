"""Instants as text."""

from __future__ import annotations

from datetime import UTC, datetime

from reveil.errors import BadInput


def parse_instant(text: str) -> datetime:
    """A naive UTC instant from an ISO date or instant; without an offset it is UTC. Raises BadInput."""
    try:
        return naive_utc(datetime.fromisoformat(text))
    except ValueError:
        raise BadInput("as-of: must be a date or instant such as 1998-07-01 or 2026-11-22T02:00:00Z") from None


def naive_utc(instant: datetime) -> datetime:
    """The same instant in UTC, without a zone."""
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
