"""Whether messages can leave from our sender, by what listmonk has in its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from typing import Any


def judge(settings: Mapping[str, Any], from_email: str) -> tuple[list[str], list[str]]:
    """What is good to know, and what is wrong, of `GET /api/settings` and the sender of our settings.yml."""
    return list(_notes(settings, from_email)), list(_faults(settings, from_email))


def _notes(settings: Mapping[str, Any], from_email: str) -> Iterator[str]:
    own = str(settings.get("app.from_email") or "")
    if _address(own) != _address(from_email):
        yield (
            f"the sender is {from_email}; listmonk's own messages come from {own}: its SMTP server must accept both "
            f"(SPF and DKIM of {_domain(from_email)})"
        )
    else:
        yield f"the sender {from_email} is listmonk's own"
    yield f"{len(_servers(settings))} SMTP servers are enabled"


def _faults(settings: Mapping[str, Any], from_email: str) -> Iterator[str]:
    if not _domain(from_email):
        yield f"esp.from_email in settings.yml is no sender ({from_email!r}); write: Shop <news@your-domain>"
    elif _domain(from_email).endswith(".example"):
        yield f"esp.from_email in settings.yml is still the example ({from_email}); write your own"
    servers = _servers(settings)
    if not servers:
        yield "no SMTP server is enabled in listmonk (Settings, SMTP): nothing would leave"
    for server in servers:
        for forced in _forced_senders(server):
            if _address(forced) != _address(from_email):
                yield (
                    f"the SMTP server {server.get('host')} puts its own sender, {forced}, on every message (Settings, "
                    f"SMTP, custom headers); take it off, or set esp.from_email to it"
                )
    if settings.get("privacy.individual_tracking") is False:
        yield "individual tracking is off in listmonk (Settings, Privacy): nobody's opens and clicks would be known"


def _servers(settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [server for server in settings.get("smtp") or () if server.get("enabled")]


def _forced_senders(server: Mapping[str, Any]) -> list[str]:
    headers = server.get("email_headers") or ()
    return [str(value) for header in headers for name, value in header.items() if name.lower() == "from"]


def _address(sender: str) -> str:
    return parseaddr(sender)[1].lower()


def _domain(sender: str) -> str:
    local, _, domain = _address(sender).rpartition("@")
    return domain if local and "." in domain else ""
