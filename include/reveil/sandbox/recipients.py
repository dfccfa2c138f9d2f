"""Recipients who are not there: what each one does with a message, and when.

Everything is decided at the send, from nothing but a seed, the campaign's name and the address, so that the
same night played again has the same reactions. The delays run from seconds to five days, most of them hours.
"""

from __future__ import annotations

import json
import math
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reveil.sandbox.clock import SECOND
from reveil.sandbox.wire import ApiError

Kind = Literal["bounced_hard", "bounced_soft", "opened", "clicked", "unsubscribed", "complained"]
Share = Annotated[float, Field(ge=0, le=1)]

_NUMBERS = struct.Struct("<8Q")
_NORMAL = NormalDist()


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Shares(_Model):
    """Of the messages sent, how many end so. A click implies an open. The defaults are a real sender's."""

    bounced_hard: Share = 0.0070
    bounced_soft: Share = 0.02
    opened: Share = 0.186
    clicked: Share = 0.011
    unsubscribed: Share = 0.0022
    complained: Share = 0.0002


class Overrides(_Model):
    """The shares of one domain; what is not named stays."""

    bounced_hard: Share | None = None
    bounced_soft: Share | None = None
    opened: Share | None = None
    clicked: Share | None = None
    unsubscribed: Share | None = None
    complained: Share | None = None


class Forced(_Model):
    """What one address does; what is not named it does not do."""

    bounced_hard: Share = 0
    bounced_soft: Share = 0
    opened: Share = 0
    clicked: Share = 0
    unsubscribed: Share = 0
    complained: Share = 0
    url: str = ""
    """The tracked link that is clicked; empty for any."""


class Delay(_Model):
    """Log-normal, cut off at `max_seconds`."""

    median_seconds: float = Field(default=4 * 3600, gt=0)
    sigma: float = Field(default=1.6, ge=0)
    min_seconds: float = Field(default=10, ge=0)
    max_seconds: float = Field(default=5 * 86400, gt=0)


class Rates(_Model):
    """`addresses` go before `domains`, these before `shares`; a domain's block changes what it names."""

    seed: int = 1
    shares: Shares = Shares()
    domains: dict[str, Overrides] = {}
    addresses: dict[str, Forced] = {}
    delay: Delay = Delay()


class Reaction(NamedTuple):
    kind: Kind
    after: int
    """Microseconds after the send."""
    url: str


@dataclass(frozen=True)
class Decider:
    """Decides for one campaign. `links` are the tracked ones; without any nobody can click."""

    rates: Rates
    campaign: str
    links: tuple[str, ...]
    _domains: dict[str, Shares] = field(default_factory=dict)

    def reactions(self, address: str) -> Iterator[Reaction]:
        """What the owner of an address does with the campaign's message."""
        key = f"{self.rates.seed}\0{self.campaign}\0{address}".encode()
        numbers = _NUMBERS.unpack(blake2b(key, digest_size=_NUMBERS.size).digest())
        bounce, opens, clicks, leaves, complains, *moments = (number / 2**64 for number in numbers)
        shares = self._shares(address)
        lost = shares.bounced_hard + shares.bounced_soft
        if bounce < lost:
            kind: Kind = "bounced_hard" if bounce < shares.bounced_hard else "bounced_soft"
            yield Reaction(kind, int((2 + 60 * moments[0]) * SECOND), "")
            return
        # shares are of the messages sent, and only what did not bounce is left to react
        arrived = 1 - lost
        clicked = bool(self.links) and clicks < shares.clicked / arrived
        if clicked or opens < _beyond(shares.opened / arrived, shares.clicked / arrived if self.links else 0):
            opened_after = self._delay(moments[0])
            yield Reaction("opened", opened_after, "")
            if clicked:
                gap = int((5 + 175 * moments[1]) * SECOND)
                yield Reaction("clicked", opened_after + gap, self._link(shares, numbers[7]))
        if leaves < shares.unsubscribed / arrived:
            yield Reaction("unsubscribed", self._delay(moments[1]), "")
        if complains < shares.complained / arrived:
            yield Reaction("complained", self._delay(moments[2]), "")

    def _shares(self, address: str) -> Shares | Forced:
        forced = self.rates.addresses.get(address)
        if forced is not None:
            return forced
        domain = address.rpartition("@")[2]
        if domain not in self.rates.domains:
            return self.rates.shares
        if domain not in self._domains:
            changes = self.rates.domains[domain].model_dump(exclude_none=True)
            self._domains[domain] = self.rates.shares.model_copy(update=changes)
        return self._domains[domain]

    def _link(self, shares: Shares | Forced, number: int) -> str:
        if isinstance(shares, Forced) and shares.url in self.links:
            return shares.url
        return self.links[number % len(self.links)]

    def _delay(self, moment: float) -> int:
        delay = self.rates.delay
        if not delay.sigma:
            return int(delay.median_seconds * SECOND)
        spread = math.log(delay.max_seconds / delay.median_seconds) / delay.sigma
        within = min(max(moment, 1e-12) * _NORMAL.cdf(spread), 1 - 1e-12)
        seconds = delay.median_seconds * math.exp(delay.sigma * _NORMAL.inv_cdf(within))
        return int(max(seconds, delay.min_seconds) * SECOND)


def _beyond(opened: float, clicked: float) -> float:
    """The share of openers among those who do not click, so that openers and clickers are `opened` in all."""
    return 0.0 if clicked >= 1 else max(opened - clicked, 0) / (1 - clicked)


class RatesFile:
    """The rates in force, in rates.json of the sandbox's folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._rates = _checked(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Rates()

    @property
    def rates(self) -> Rates:
        return self._rates

    def change(self, body: Mapping[str, object]) -> Rates:
        """Take over what the body names and leave the rest. `domains` and `addresses` are replaced whole.
        ApiError 400 when a name is unknown or a value out of range."""
        with self._lock:
            current = self._rates.model_dump(exclude_unset=True)
            merged = {**current, **body}
            for part in ("shares", "delay"):
                given = body.get(part)
                if isinstance(given, dict):
                    merged[part] = {**current.get(part, {}), **given}
            rates = _checked(merged)
            _write(self._path, rates.model_dump_json(indent=2, exclude_unset=True))
            self._rates = rates
            return rates


def _checked(document: object) -> Rates:
    try:
        rates = Rates.model_validate(document)
    except ValidationError as error:
        keys = ", ".join(".".join(str(part) for part in one["loc"][:2]) for one in error.errors())
        raise ApiError(400, f"Invalid rates: {keys}") from None
    blocks: tuple[Shares | Forced, ...] = (rates.shares, *rates.addresses.values())
    for shares in blocks:
        if shares.bounced_hard + shares.bounced_soft > 1:
            raise ApiError(400, "Invalid rates: bounced_hard and bounced_soft are more than all")
    return rates


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
