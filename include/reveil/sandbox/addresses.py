"""E-mail addresses as the API takes them: trimmed, lower-cased, one mailbox; and names made from them."""

from __future__ import annotations

import re

_MAX_LENGTH = 1000
_ADDRESS = re.compile(
    r"[^\s@<>()\[\]\\,;:\".]+(\.[^\s@<>()\[\]\\,;:\".]+)*@[^\s@<>()\[\]\\,;:\".]+(\.[^\s@<>()\[\]\\,;:\".]+)*"
)


def sanitize(text: str) -> str | None:
    """The address as it is kept; None when it is none."""
    address = text.strip().lower()
    return address if len(address) <= _MAX_LENGTH and _ADDRESS.fullmatch(address) else None


def name_from(address: str) -> str:
    """The name of a subscriber who came without one: jane.doe@shop.example is Jane Doe."""
    return " ".join(part.capitalize() for part in address.partition("@")[0].replace(".", " ").split())
