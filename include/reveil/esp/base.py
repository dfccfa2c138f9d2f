"""What every e-mail service provider must be able to do for us, and how it may fail.

    EspError
    ├── EspDenied        wrong or missing credentials: correct them
    ├── EspRejected      the provider understood and said no: a retry would hear the same
    ├── EspUnsupported   the provider has no such call
    ├── EspUnavailable   nothing was done, as far as can be told; try later
    └── EspUncertain     the call may or may not have been carried out: look before doing it again

No provider documents an idempotency key for these calls, so nothing here may be repeated
blindly: names carry our batch key, and callers look before they create or start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from reveil.errors import ReveilError


class EspError(ReveilError):
    """The provider could not be asked, or said no. The text holds no address."""


class EspDenied(EspError):
    exit_code = 2


class EspRejected(EspError):
    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class EspUnsupported(EspError):
    """This provider has no such call."""


class EspUnavailable(EspError):
    pass


class EspUncertain(EspError):
    pass


class Recipient(NamedTuple):
    """Somebody to be put on a list. Exists in memory and in the upload only."""

    contact_id: str
    address: str
    name: str


class Member(NamedTuple):
    """Somebody on a list, as the provider sees them; `may_receive` is false after an
    unsubscribe, a bounce or a complaint there."""

    esp_id: str
    address: str
    may_receive: bool


class Subscriber(NamedTuple):
    """Somebody whom the provider knows, on a list or not."""

    esp_id: str
    address: str


@dataclass(frozen=True)
class UploadResult:
    """How an upload ended: rows the provider took; the rest is found by reading the list back."""

    accepted: int


@dataclass(frozen=True)
class Message:
    """A message as our files have it; the adapter translates the placeholders
    {{ first_name }}, {{ unsubscribe_url }} and {{ link NAME }} into the provider's own."""

    subject: str
    html: str
    text: str
    from_email: str
    links: dict[str, str] = field(default_factory=dict)


CampaignStatus = Literal["draft", "scheduled", "running", "paused", "finished", "cancelled"]
STARTED: frozenset[CampaignStatus] = frozenset({"running", "paused", "finished", "cancelled"})
"""Seen in one of these, a campaign may have reached somebody."""


@dataclass(frozen=True)
class EspCampaign:
    """A campaign at the provider; `planned` and `sent` are its own counts of messages. `send_at` (naive UTC) is when a
    scheduled one starts by itself."""

    id: str
    name: str
    status: CampaignStatus
    planned: int
    sent: int
    send_at: datetime | None = None


EventKind = Literal["delivered", "opened", "clicked", "bounced_hard", "bounced_soft", "unsubscribed", "complained"]


class Event(NamedTuple):
    """Something that happened to a message. `occurred_at` is naive UTC; `source` is the
    provider's campaign or list name, which for ours is the batch key. `actor` is None where the provider does not
    look who it was. `address` serves to recognise a
    subscriber that no batch of ours has met yet; it is never stored with the event."""

    event_id: str
    esp_id: str
    source: str
    kind: EventKind
    occurred_at: datetime
    actor: Literal["human", "machine", "unknown"] | None
    url: str | None = None
    address: str = ""


class Feed(NamedTuple):
    """A stream of events with a cursor of its own."""

    name: str
    events: Iterator[Event]


class Esp(Protocol):
    """A provider. Every method may raise the errors above; none retries what might be done twice."""

    @property
    def name(self) -> str:
        """The name under which rows of this provider are stored."""

    def clock(self) -> datetime | None:
        """The provider's time (naive UTC) where it is not the world's, as the sandbox's: whoever looks at what was
        heard "until now" must then leave out what is later. None: it is now."""

    def check(self) -> Sequence[str]:
        """Ask who we are there and what we may do; send nothing. Sentences for a person."""

    def check_sender(self, from_email: str) -> Sequence[str]:
        """Ask whether messages may leave from that sender; send nothing. Sentences for a person; EspRejected with all
        that is wrong and what to do about it."""

    def find_list(self, name: str) -> str | None: ...

    def create_list(self, name: str) -> str: ...

    def upload(self, list_id: str, recipients: Iterable[Recipient]) -> UploadResult:
        """Put recipients on the list; returns when the provider's job has ended. Repeatable: the
        same recipient twice is one member. Never lifts a suppression."""

    def members(self, list_id: str, since: datetime | None = None) -> Iterator[Member]:
        """Read the list back, as it is now; with `since` only those whom an upload or another change touched from
        that instant (naive UTC, by the provider's clock) on."""

    def newest_change(self) -> datetime:
        """The latest change of any subscriber (naive UTC, by the provider's clock): a mark to set before an upload,
        for reading back what it touched."""

    def remove_members(self, list_id: str, esp_ids: Sequence[str]) -> None: ...

    def find_campaigns(self, name: str) -> Sequence[EspCampaign]:
        """All campaigns of exactly that name, oldest first."""

    def create_campaign(self, name: str, list_id: str, message: Message) -> EspCampaign: ...

    def campaign(self, campaign_id: str) -> EspCampaign: ...

    def start(self, campaign_id: str) -> None: ...

    def schedule(self, campaign_id: str, at: datetime) -> None:
        """Let a campaign that has not started begin by itself at that instant (naive UTC). Repeatable."""

    def send_test(self, name: str, message: Message, address: str) -> None:
        """Send the message to that address alone, as nobody's campaign; what it takes at the provider bears `name`."""

    def pause(self, campaign_id: str) -> None:
        """Stop a campaign that is under way or waits for its time, so that it can be started again; one that is
        neither stays as it is."""

    def discard(self, campaign_id: str) -> None:
        """Make sure that a campaign never starts."""

    def feeds(self, cursors: dict[str, str]) -> Iterable[Feed]:
        """The event streams, each from a little before its cursor on (ISO instant; absent: all)."""

    def suppress(self, esp_ids: Sequence[str]) -> None:
        """Keep these from every further message, on whatever list they are."""

    # erasure

    def find(self, *addresses: str) -> Sequence[Subscriber]:
        """Whoever bears one of these normalised addresses there, on whatever list or on none."""

    def erase(self, esp_ids: Sequence[str]) -> None:
        """Have these deleted with everything that is known of them; who is gone already is no error. No answer of this
        call proves anything: what `find` and `remaining` no longer tell is gone. Suppression ends with it."""

    def remaining(self, esp_ids: Sequence[str]) -> Sequence[str]:
        """Those of these whom the provider still knows: the later read that confirms an erasure. Raises
        EspUnsupported where a provider has no such read: then an erasure stays "accepted", with its date."""
