"""E-mail addresses in the one form under which two spellings of a mailbox are the same. Pure."""

from __future__ import annotations

import re
import unicodedata

import idna

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"

ASCII_ADDRESS = rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])"
"""The whole of a plausible lower-case ASCII address: a dot-atom, `@`, a domain of at least two labels.
Written so that Python's `re` and DuckDB's RE2 read it alike."""

MAX_LOCAL = 64
"""Octets before the `@` (RFC 5321, 4.5.3.1.1)."""
MAX_ADDRESS = 254
"""Octets of an address (RFC 5321, 4.5.3.1.3, less the angle brackets)."""

_ASCII = re.compile(ASCII_ADDRESS)
_NON_ASCII_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\.]+(?:\.[^\s@\"(),:;<>\[\]\\.]+)*")


def normalise_address(address: str) -> str | None:
    """The normalised form, or None when the text is not plausibly an address.

    Trimmed, Unicode NFC, lower-case; the domain in its ASCII form (IDNA 2008 with UTS 46 mapping).
    Plausible means: it can be handed to an ESP; whether the mailbox exists is not known.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", address.strip()).lower())
    local, separator, domain = folded.rpartition("@")
    if not separator:
        return None
    ascii_domain = _to_ascii(domain)
    if ascii_domain is None:
        return None
    found = f"{local}@{ascii_domain}"
    return found if _is_plausible(local, ascii_domain, found) else None


def _to_ascii(domain: str) -> str | None:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None


def _is_plausible(local: str, domain: str, address: str) -> bool:
    if len(local.encode()) > MAX_LOCAL or len(address.encode()) > MAX_ADDRESS:
        return False
    if local.isascii():
        return _ASCII.fullmatch(address) is not None
    is_printable = all(character.isprintable() for character in local)
    return is_printable and bool(_NON_ASCII_LOCAL.fullmatch(local)) and bool(_ASCII.fullmatch(f"x@{domain}"))
