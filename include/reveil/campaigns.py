"""Campaign files: read, validated, and turned into table rows and messages.

A campaign is one YAML file; its texts stand beside it, one HTML and one plain file per
message and language. Nothing here touches a database or the network.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, ValidationError, model_validator

from reveil.errors import BadInput

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=150, pattern=r"^[^\r\n]+$")]

_PLACEHOLDER = re.compile(r"\{\{\s*(?P<word>[a-z_]+)(?:\s+(?P<argument>[a-z0-9_]+))?\s*\}\}")


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Block):
    """A point of the sequence where one message is sent."""

    message: Name


class MessageSubjects(_Block):
    subject: dict[Language, Subject] = Field(min_length=1)


class SendWindow(_Block):
    """Hours between which messages leave, on the clocks of a time zone."""

    opens: dt.time = Field(alias="from")
    closes: dt.time = Field(alias="to")
    time_zone: str = "UTC"

    @model_validator(mode="after")
    def _a_zone_and_two_hours(self) -> Self:
        if self.time_zone not in available_timezones():
            raise ValueError("time_zone: not one of the IANA names, such as Europe/Paris")
        if self.opens == self.closes:
            raise ValueError("to: the same as from; leave send_window out to send at any hour")
        return self


class Blackout(_Block):
    """Days on which nothing leaves, both included."""

    first: dt.date = Field(alias="from")
    last: dt.date = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("to: before from")
        return self


class Campaign(_Block):
    """A validated campaign file."""

    campaign: Name
    enabled: bool = True
    audience: Literal["dormant"]
    max_per_night: int = Field(ge=1, le=1_000_000)
    default_language: Language
    first_step: Name
    steps: dict[Name, Step] = Field(min_length=1)
    messages: dict[Name, MessageSubjects] = Field(min_length=1)
    links: dict[Name, HttpUrl] = {}
    send_window: SendWindow | None = None
    blackout: list[Blackout] = []

    @model_validator(mode="after")
    def _names_that_exist(self) -> Self:
        if self.first_step not in self.steps:
            raise ValueError(f"first_step: no step of that name; steps are {', '.join(self.steps)}")
        for name, step in self.steps.items():
            if step.message not in self.messages:
                raise ValueError(f"steps.{name}.message: not among messages ({', '.join(self.messages)})")
        for name, message in self.messages.items():
            if self.default_language not in message.subject:
                raise ValueError(f"messages.{name}.subject: lacks the default language")
        return self


class MessageText(_Block):
    """One message in one language; placeholders are those of `PLACEHOLDERS`."""

    campaign: str
    message: str
    language: str
    subject: str
    html: str
    text: str
    links: dict[str, str]


PLACEHOLDERS = ("first_name", "unsubscribe_url", "link")


def read_campaigns(folder: Path) -> list[Campaign]:
    """Every campaign file of the folder, in name order; its message files are checked, too.

    Raises BadInput naming file, key and what is allowed.
    """
    campaigns = [_read(file) for file in sorted(folder.glob("*.yml"))]
    names = [campaign.campaign for campaign in campaigns]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"{folder}: two files define the campaign {name}; names must differ")
    for campaign in campaigns:
        for _ in message_texts(folder, campaign):
            pass
    return campaigns


def message_texts(folder: Path, campaign: Campaign) -> Iterator[MessageText]:
    """The campaign's messages in every language that has a subject."""
    for message, subjects in campaign.messages.items():
        for language, subject in subjects.subject.items():
            stem = folder / "messages" / campaign.campaign / f"{message}.{language}"
            yield MessageText(
                campaign=campaign.campaign,
                message=message,
                language=language,
                subject=subject,
                html=_read_text(stem.with_name(stem.name + ".html"), campaign),
                text=_read_text(stem.with_name(stem.name + ".txt"), campaign),
                links={name: str(url) for name, url in campaign.links.items()},
            )


def find_campaign(folder: Path, campaign: str) -> Campaign:
    """One campaign as its file has it now."""
    return _read(folder / f"{campaign}.yml")


def find_message(folder: Path, campaign: str, message: str, language: str) -> MessageText:
    """One message as the files have it now. Raises BadInput when they no longer do."""
    for text in message_texts(folder, _read(folder / f"{campaign}.yml")):
        if (text.message, text.language) == (message, language):
            return text
    raise BadInput(f"{folder / campaign}.yml: messages: no {message} in {language}, and a batch of it is still open")


def substitute(text: str, values: dict[str, str], links: dict[str, str]) -> str:
    """`text` with {{ word }} replaced by values[word] and {{ link NAME }} by links[NAME]."""

    def value(match: re.Match[str]) -> str:
        word, argument = match["word"], match["argument"]
        return links[argument] if word == "link" else values[word]

    return _PLACEHOLDER.sub(value, text)


def _read(file: Path) -> Campaign:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadInput(f"{file}, line {mark.line + 1 if mark else '?'}: not valid YAML") from None
    try:
        campaign = Campaign.model_validate(document)
    except ValidationError as error:
        raise BadInput(f"{file}: {_explain(error)}") from None
    if campaign.campaign != file.stem:
        raise BadInput(f"{file}: campaign: must be the file's name, {file.stem}")
    return campaign


def _explain(error: ValidationError) -> str:
    def one(problem: Any) -> str:
        return f"{'.'.join(str(part) for part in problem['loc']) or 'file'}: {problem['msg']}"

    return "; ".join(one(problem) for problem in error.errors(include_input=False, include_url=False))


def _read_text(file: Path, campaign: Campaign) -> str:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(f"{file}: missing; each message needs it for each language with a subject") from None
    _check_placeholders(file, text, campaign)
    return text


def _check_placeholders(file: Path, text: str, campaign: Campaign) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        for found in re.findall(r"\{\{.*?\}\}", line):
            match = _PLACEHOLDER.fullmatch(found)
            if match is None or match["word"] not in PLACEHOLDERS:
                raise BadInput(f"{file}, line {number}: unknown placeholder; use {', '.join(PLACEHOLDERS)}")
            if match["word"] == "link" and match["argument"] not in campaign.links:
                raise BadInput(f"{file}, line {number}: link: not among links ({', '.join(campaign.links)})")
    if "unsubscribe_url" not in text:
        raise BadInput(f"{file}: lacks {{{{ unsubscribe_url }}}}; every message must offer it")
