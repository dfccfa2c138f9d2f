"""Messages as they will arrive, sent to one address of our own. Nothing of it is journalled; nothing names the
address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reveil import permission
from reveil.addresses import normalise_address
from reveil.campaigns import find_message, read_campaigns
from reveil.errors import BadInput, Refused
from reveil.esp.base import Esp, Message
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql

LIST_NAME = "reveil test"


def send_tests(settings: Settings, esp: Esp, as_of: datetime, address: str) -> Report:
    """Send each message of tonight's plan to that address; without a plan, those of the campaigns' first steps.

    Raises BadInput where it is no address, Refused where sending is not allowed or paused, and EspError.
    """
    to = normalise_address(address)
    if to is None:
        raise BadInput("--test-to: not an address")
    if not permission.is_allowed(settings, "send"):
        raise Refused("side_effects is none in settings.yml: nothing may be sent, tests included")
    permission.require_not_paused(settings)
    messages = _planned(settings, as_of) or list(_first_steps(settings))
    for campaign, message, language in messages:
        text = find_message(settings.campaigns, campaign, message, language, as_of.date())
        esp.send_test(LIST_NAME, Message(text.subject, text.html, text.text, settings.esp.from_email, text.links), to)
    lines = [f"{campaign}/{message} ({language}): sent as a test" for campaign, message, language in messages]
    return Report("push", tuple(lines or ["no message to test"]), {"tests": len(messages)})


def _planned(settings: Settings, as_of: datetime) -> list[tuple[str, str, str]]:
    warehouse = Warehouse(settings)
    if not warehouse.exists:
        return []
    with warehouse.read("push: messages to test") as connection:
        return connection.execute(sql("planned_messages"), {"as_of": as_of}).fetchall()


def _first_steps(settings: Settings) -> Iterator[tuple[str, str, str]]:
    for campaign in read_campaigns(settings.campaigns):
        message = campaign.steps[campaign.first_step].message
        for language in campaign.messages[message].subject if campaign.enabled else ():
            yield campaign.campaign, message, language
