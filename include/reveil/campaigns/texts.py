"""The messages of a campaign: found, checked, and filled with what is known before anybody is mailed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from reveil.campaigns.files import find_campaign
from reveil.campaigns.schema import Campaign, Offer
from reveil.errors import BadInput

PLACEHOLDERS = ("first_name", "unsubscribe_url", "link", "offer_coupon", "offer_until")
OFFER_PLACEHOLDERS = ("offer_coupon", "offer_until")

_PLACEHOLDER = re.compile(r"\{\{\s*(?P<word>[a-z_]+)(?:\s+(?P<argument>[a-z0-9_]+))?\s*\}\}")
_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
}


@dataclass(frozen=True)
class MessageText:
    """One message in one language; the placeholders left in it are those of a contact and of links."""

    campaign: str
    message: str
    language: str
    subject: str
    html: str
    text: str
    links: dict[str, str]

    @property
    def digest(self) -> str:
        """Changes with the words."""
        words = "\0".join((self.subject, self.html, self.text))
        return hashlib.sha256(words.encode()).hexdigest()[:16]


def message_texts(folder: Path, campaign: Campaign) -> Iterator[MessageText]:
    """The campaign's messages in every language that has a subject, as the files have them.

    Raises BadInput naming file and line.
    """
    for message, subjects in campaign.messages.items():
        offer = campaign.offer_of(message)
        for language, subject in subjects.subject.items():
            stem = folder / "messages" / campaign.campaign / f"{message}.{language}"
            yield MessageText(
                campaign=campaign.campaign,
                message=message,
                language=language,
                subject=subject,
                html=_read_text(stem.with_name(stem.name + ".html"), campaign, offer),
                text=_read_text(stem.with_name(stem.name + ".txt"), campaign, offer),
                links={name: str(url) for name, url in campaign.links.items()},
            )


def file_digest(folder: Path, campaign: Campaign) -> str:
    """A number that changes with the campaign's file and with each of its texts: the first send then asks for a person
    again."""
    digest = hashlib.sha256((folder / f"{campaign.campaign}.yml").read_bytes())
    for text in message_texts(folder, campaign):
        digest.update(f"\0{text.message}\0{text.language}\0{text.digest}".encode())
    return digest.hexdigest()[:16]


def find_message(folder: Path, campaign: str, message: str, language: str, night: date) -> MessageText:
    """One message as the files have it now, with the offer as of the night that sends it.

    Raises BadInput when the files no longer have it.
    """
    found = find_campaign(folder, campaign)
    for text in message_texts(folder, found):
        if (text.message, text.language) == (message, language):
            return _with_offer(text, found.offer_of(message), night)
    raise BadInput(f"{folder / campaign}.yml: messages: no {message} in {language}, and a batch of it is still open")


def substitute(text: str, values: Mapping[str, str], links: Mapping[str, str]) -> str:
    """`text` with {{ word }} replaced by values[word] and {{ link NAME }} by links[NAME]; others stay."""

    def value(match: re.Match[str]) -> str:
        word, argument = match["word"], match["argument"]
        if word == "link":
            return links.get(argument, match[0])
        return values.get(word, match[0])

    return _PLACEHOLDER.sub(value, text)


def day_in_words(day: date, language: str) -> str:
    """`15 July 1998`; languages without month names here get the ISO date."""
    months = _MONTHS.get(language)
    return f"{day.day} {months[day.month - 1]} {day.year}" if months else day.isoformat()


def _with_offer(text: MessageText, offer: Offer | None, night: date) -> MessageText:
    if offer is None:
        return text
    until = day_in_words(night + timedelta(days=offer.valid_days), text.language)
    values = {"offer_coupon": offer.coupon, "offer_until": until}
    return MessageText(
        campaign=text.campaign,
        message=text.message,
        language=text.language,
        subject=substitute(text.subject, values, {}),
        html=substitute(text.html, values, {}),
        text=substitute(text.text, values, {}),
        links=text.links,
    )


def _read_text(file: Path, campaign: Campaign, offer: Offer | None) -> str:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(f"{file}: missing; each message needs it for each language with a subject") from None
    _check_placeholders(file, text, campaign, offer)
    return text


def _check_placeholders(file: Path, text: str, campaign: Campaign, offer: Offer | None) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        for found in re.findall(r"\{\{.*?\}\}", line):
            match = _PLACEHOLDER.fullmatch(found)
            if match is None or match["word"] not in PLACEHOLDERS:
                raise BadInput(f"{file}, line {number}: unknown placeholder; use {', '.join(PLACEHOLDERS)}")
            if match["word"] == "link" and match["argument"] not in campaign.links:
                raise BadInput(f"{file}, line {number}: link: not among links ({', '.join(campaign.links)})")
            if match["word"] in OFFER_PLACEHOLDERS and offer is None:
                raise BadInput(f"{file}, line {number}: {match['word']}: no step sends this message with an offer")
    if "unsubscribe_url" not in text:
        raise BadInput(f"{file}: lacks {{{{ unsubscribe_url }}}}; every message must offer it")
    if offer is not None and "offer_until" not in text:
        raise BadInput(f"{file}: lacks {{{{ offer_until }}}}; an offer must say when it ends")
