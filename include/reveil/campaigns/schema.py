"""What may stand in a campaign file, key by key. What spans several keys is checked in `reveil.campaigns.paths`."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, field_validator, model_validator

from reveil.campaigns.paths import check_paths, silent_days

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=150, pattern=r"^[^\r\n]+$")]
Audience = Literal["dormant", "drifting_and_dormant", "goodbye"]

Reaction = Literal["purchased", "answered", "clicked", "opened", "no_reaction"]
"""What a step may lead on from. Complaints, unsubscribes and hard bounces end every campaign at once, whatever its file
says."""

REACTIONS: tuple[Reaction, ...] = ("purchased", "answered", "clicked", "opened", "no_reaction")


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Block):
    """Where a transition leads: to another step or out of the campaign."""

    step: Name | None = None
    exit: Name | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.step is None) == (self.exit is None):
            raise ValueError("give either step or exit")
        return self


class Transition(Target):
    """`otherwise` is taken where the offer of `step` has no room in its budget; without it the contact waits."""

    otherwise: Target | None = None


class Step(_Block):
    """A point of the sequence where one message is sent, and what follows from the reaction `wait_days` later."""

    message: Name
    wait_days: int = Field(ge=1, le=365)
    offer: Name | None = None
    reactions: dict[Reaction, Transition]

    @field_validator("reactions")
    @classmethod
    def _none_left_out(cls, reactions: dict[Reaction, Transition]) -> dict[Reaction, Transition]:
        missing = [name for name in REACTIONS if name not in reactions]
        if missing:
            raise ValueError(
                f"{', '.join(missing)} left out; every one of {', '.join(REACTIONS)} needs a step or an exit"
            )
        return reactions


class Offer(_Block):
    """`cost` is what one redeemed offer costs; `cost * expected_redemption` is committed when it is sent."""

    cost: Decimal = Field(gt=0, max_digits=18, decimal_places=2)
    currency: Currency
    valid_days: int = Field(ge=1, le=365)
    budget: Name
    coupon: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    expected_redemption: Decimal = Field(default=Decimal(1), gt=0, le=1)

    @property
    def committed(self) -> Decimal:
        return (self.cost * self.expected_redemption).quantize(Decimal("0.01"))


class Budget(_Block):
    amount: Decimal = Field(ge=0, max_digits=18, decimal_places=2)
    currency: Currency
    period: Literal["campaign", "month", "quarter", "year"]


class Holdout(_Block):
    """The random part of the audience that is sent nothing."""

    share: float = Field(ge=0, le=0.5)
    salt: Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Answer(_Block):
    """What a click on a link says."""

    frequency: Literal["weekly", "monthly", "quarterly", "never"] | None = None
    relevance: int | None = Field(default=None, ge=1, le=5)
    stay: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.frequency is None and self.relevance is None and not self.stay:
            raise ValueError("give frequency, relevance or stay: true")
        return self


class SendWindow(_Block):
    """The time of day at which messages may leave."""

    opens: time = Field(alias="from")
    closes: time = Field(alias="to")
    time_zone: str

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("no time zone of that name; for example Europe/Paris") from None
        return name

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("from must be earlier than to, on the same day")
        return self


class Blackout(_Block):
    """Days, both included, on which nothing leaves."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError("from must not be after to")
        return self


class Approval(_Block):
    """A night above one of these waits for a person."""

    contacts: int | None = Field(default=None, ge=0)
    cost: Decimal | None = Field(default=None, ge=0)


class MessageSubjects(_Block):
    subject: dict[Language, Subject] = Field(min_length=1)


class Campaign(_Block):
    """A validated campaign file."""

    campaign: Name
    enabled: bool = True
    audience: Audience
    max_per_night: int = Field(ge=1, le=1_000_000)
    max_messages: int = Field(default=2, ge=1, le=3)
    cool_off_days: int = Field(default=180, ge=0)
    holdout: Holdout | None = None
    observation_days: int = Field(default=60, ge=0, le=365)
    conversion_days: int = Field(default=90, ge=1, le=730)
    read_on: date | None = None
    unknown_opens: Literal["count", "ignore"] = "ignore"
    send_window: SendWindow | None = None
    blackout: tuple[Blackout, ...] = ()
    approve_above: Approval = Approval()
    erases_early: bool = False
    default_language: Language
    first_step: Name
    steps: dict[Name, Step] = Field(min_length=1)
    offers: dict[Name, Offer] = {}
    budgets: dict[Name, Budget] = {}
    answers: dict[Name, Answer] = {}
    messages: dict[Name, MessageSubjects] = Field(min_length=1)
    links: dict[Name, HttpUrl] = {}

    @model_validator(mode="after")
    def _names_that_exist(self) -> Self:
        for name, step in self.steps.items():
            if step.message not in self.messages:
                raise ValueError(f"steps.{name}.message: not among messages ({', '.join(self.messages)})")
            if step.offer is not None and step.offer not in self.offers:
                raise ValueError(f"steps.{name}.offer: not among offers ({', '.join(self.offers) or 'there are none'})")
        for name, message in self.messages.items():
            if self.default_language not in message.subject:
                raise ValueError(f"messages.{name}.subject: lacks the default language")
            if len({step.offer for step in self.steps.values() if step.message == name}) > 1:
                raise ValueError(
                    f"messages.{name}: sent by steps with different offers; give each step its own message"
                )
        for link in self.answers:
            if link not in self.links:
                raise ValueError(f"answers.{link}: not among links ({', '.join(self.links) or 'there are none'})")
        urls = [str(self.links[link]) for link in self.answers]
        if len(set(urls)) < len(urls):
            raise ValueError("answers: two of these links have the same address, so a click on it says two things")
        return self

    @model_validator(mode="after")
    def _money_that_fits(self) -> Self:
        for name, offer in self.offers.items():
            budget = self.budgets.get(offer.budget)
            if budget is None:
                raise ValueError(
                    f"offers.{name}.budget: not among budgets ({', '.join(self.budgets) or 'there are none'})"
                )
            if budget.currency != offer.currency:
                raise ValueError(f"offers.{name}.currency: its budget {offer.budget} is in {budget.currency}")
        return self

    @model_validator(mode="after")
    def _paths_that_end(self) -> Self:
        check_paths(self)
        if self.audience == "goodbye" and self.holdout is not None and self.holdout.share > 0:
            raise ValueError("holdout: a goodbye has none; everybody is told before the data goes")
        if self.erases_early and self.audience != "goodbye":
            raise ValueError("erases_early: only a goodbye erases")
        return self

    @property
    def path_days(self) -> int:
        """Days that the longest silent path takes, its last wait included."""
        return silent_days(self)

    def offer_of(self, message: str) -> Offer | None:
        """The offer that a message carries."""
        names = {step.offer for step in self.steps.values() if step.message == message}
        return next((self.offers[name] for name in names if name), None)
