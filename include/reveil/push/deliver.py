"""Carries a night's batches to the provider, each exactly once.

Order of one batch, each step safe to repeat because the journal or the provider is asked first:
intent (journal) → list found or made → is a campaign of that name already under way? → list filled and read
back as a set → campaign found or made → last look → started → outcomes (journal).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from reveil import permission
from reveil.addresses import normalise_address
from reveil.campaigns import MessageText, find_message
from reveil.esp.base import (
    STARTED,
    Esp,
    EspCampaign,
    EspRejected,
    EspUnavailable,
    EspUncertain,
    Message,
    Recipient,
)
from reveil.push.gather import gather
from reveil.push.journal import Batch, Journal, Outcome
from reveil.push.lists import find_or_make_list
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, hold

_LOOKS = 3
"""How often something is looked for again after a call whose end is unknown."""


@dataclass
class Delivery:
    """What the steps of one push share. `sleep` waits between two looks at a running campaign."""

    settings: Settings
    esp: Esp
    journal: Journal
    as_of: datetime
    sleep: Callable[[float], None] = time.sleep


def push(settings: Settings, esp: Esp, as_of: datetime, now: datetime) -> Report:
    """Write the intents of tonight's audience and deliver every batch whose end is not known.

    Where side effects are not allowed, nothing is written and the report says what would have left.
    Raises BadInput for a wrong night, Refused while paused or while another push runs, and EspError when the
    provider fails; a later push goes on where this one stopped.
    """
    permission.require_near_the_clock(settings, as_of, now)
    warehouse = Warehouse(settings)
    if not permission.is_allowed(settings, "send"):
        return dry_run(settings, as_of, now)
    with push_lock(settings):
        permission.require_not_paused(settings)
        with warehouse.read("push: marts of tonight") as connection:
            permission.require_marts_of(connection, as_of)
        delivery = Delivery(settings, esp, Journal(warehouse), as_of)
        gather(settings, esp, as_of)
        new = delivery.journal.intend(as_of, esp.name)
        lines = [_deliver(delivery, batch) for batch in delivery.journal.open_batches()]
        delivery.journal.finish_run("push", as_of)
        return _report(delivery, new, lines)


@contextmanager
def push_lock(settings: Settings) -> Iterator[None]:
    """One push at a time, for its whole run."""
    with hold(settings.data / "push.lock", "push", settings.lock_wait_seconds):
        yield


def _deliver(delivery: Delivery, batch: Batch) -> str:
    """Bring one batch as far as it can go tonight; a sentence about it."""
    twins = delivery.esp.find_campaigns(batch.key)
    started = next((one for one in twins if one.status in STARTED), None)
    if started is None and _is_too_old(delivery, batch):
        return _cancel(delivery, batch, twins)
    if started is None:
        list_id = find_or_make_list(delivery.esp, batch.key)
        allowed, refused = delivery.journal.recipients(batch)
        receiving, missing = _fill(delivery, list_id, allowed)
        if not receiving:
            return _close(delivery, batch, [*refused, *missing])
        campaign = _find_or_make_campaign(delivery, batch, list_id)
        late = _last_look(delivery, batch, list_id, receiving)
        delivery.journal.record(batch, "ready", delivery.as_of, outcomes=[*refused, *missing, *late])
        if len(late) == len(receiving):
            return _close(delivery, batch, [])
        started = _start(delivery, batch, campaign, list_id)
    return _finish(delivery, batch, started)


def _is_too_old(delivery: Delivery, batch: Batch) -> bool:
    return delivery.as_of - batch.as_of >= timedelta(hours=delivery.settings.push.intent_ttl_hours)


def _cancel(delivery: Delivery, batch: Batch, twins: Sequence[EspCampaign]) -> str:
    for twin in twins:
        delivery.esp.discard(twin.id)
    delivery.journal.release(batch, delivery.as_of)
    return f"{batch.key}: never started and too old; cancelled, its contacts may be planned again"


def _fill(delivery: Delivery, list_id: str, allowed: list[Recipient]) -> tuple[dict[str, str], list[Outcome]]:
    """Make the list hold exactly `allowed`, as far as the provider lets them in.

    Returns the receiving members (esp_id → contact_id) and an outcome for each that is missing.
    """
    delivery.esp.upload(list_id, allowed)
    contact_of = {recipient.address: recipient.contact_id for recipient in allowed}
    receiving: dict[str, str] = {}
    blocked: set[str] = set()
    extras: list[str] = []
    for member in delivery.esp.members(list_id):
        contact_id = contact_of.get(normalise_address(member.address) or "")
        if contact_id is None:
            extras.append(member.esp_id)
        elif member.may_receive:
            receiving[member.esp_id] = contact_id
        else:
            blocked.add(contact_id)
    if extras:
        delivery.esp.remove_members(list_id, extras)
    delivery.journal.map_contacts(delivery.esp.name, receiving.items())
    missing = set(contact_of.values()) - set(receiving.values())
    return receiving, [
        Outcome(one, "refused", "objected_at_esp" if one in blocked else "not_accepted_by_esp")
        for one in sorted(missing)
    ]


def _find_or_make_campaign(delivery: Delivery, batch: Batch, list_id: str) -> EspCampaign:
    message = _message(delivery, batch)
    for _ in range(_LOOKS):
        twins = delivery.esp.find_campaigns(batch.key)
        if twins:
            for twin in twins[1:]:
                delivery.esp.discard(twin.id)
            return twins[0]
        try:
            delivery.esp.create_campaign(batch.key, list_id, message)
        except EspUncertain:
            continue  # made or not: the next look tells
    raise EspUnavailable(f"{batch.key}: its campaign could not be made; try again later")


def _message(delivery: Delivery, batch: Batch) -> Message:
    text: MessageText = find_message(
        delivery.settings.campaigns, batch.campaign, batch.message, batch.language, batch.as_of.date()
    )
    return Message(text.subject, text.html, text.text, delivery.settings.esp.from_email, text.links)


def _last_look(delivery: Delivery, batch: Batch, list_id: str, receiving: dict[str, str]) -> list[Outcome]:
    """Just before the start: pause, and whoever objected while the list was being filled."""
    gather(delivery.settings, delivery.esp, delivery.as_of)
    _, refused = delivery.journal.recipients(batch)
    why = {one.contact_id: one for one in refused}
    late = {esp_id: why[contact] for esp_id, contact in receiving.items() if contact in why}
    if late:
        delivery.esp.remove_members(list_id, list(late))
    return list(late.values())


def _start(delivery: Delivery, batch: Batch, campaign: EspCampaign, list_id: str) -> EspCampaign:
    permission.require_not_paused(delivery.settings)
    if campaign.status not in STARTED:
        try:
            delivery.esp.start(campaign.id)
        except (EspUncertain, EspRejected) as error:
            campaign = delivery.esp.campaign(campaign.id)
            if campaign.status not in STARTED:
                raise EspUnavailable(f"{batch.key}: could not be started ({error}); try again later") from None
    delivery.journal.record(batch, "started", delivery.as_of, list_id=list_id, campaign_id=campaign.id)
    return campaign


def _finish(delivery: Delivery, batch: Batch, campaign: EspCampaign) -> str:
    deadline = time.monotonic() + delivery.settings.push.finish_wait_seconds
    campaign = delivery.esp.campaign(campaign.id)
    while campaign.status == "running" and time.monotonic() < deadline:
        delivery.sleep(delivery.settings.esp.poll_seconds)
        campaign = delivery.esp.campaign(campaign.id)
    if campaign.status in ("running", "paused"):
        return f"{batch.key}: {campaign.status} at the provider, {campaign.sent} sent so far; settled by a later push"
    outcomes = _outcomes(campaign, delivery.journal.undecided(batch))
    return _close(delivery, batch, outcomes, campaign)


def _outcomes(campaign: EspCampaign, undecided: list[str]) -> list[Outcome]:
    """What the provider's counts say about contacts it cannot name one by one.

    Fewer sent than stood on the list, and nobody can say who was left out: all are unknown, treated as sent.
    """
    if campaign.sent == 0 and campaign.status == "cancelled":
        return [Outcome(one, "refused", "cancelled_at_esp") for one in undecided]
    if campaign.sent >= len(undecided):
        return [Outcome(one, "sent") for one in undecided]
    why = f"provider sent {campaign.sent} of {len(undecided)}"
    return [Outcome(one, "unknown", why) for one in undecided]


def _close(delivery: Delivery, batch: Batch, outcomes: list[Outcome], campaign: EspCampaign | None = None) -> str:
    campaign_id = campaign.id if campaign else None
    delivery.journal.record(batch, "closed", delivery.as_of, campaign_id=campaign_id, outcomes=outcomes)
    counts = delivery.journal.batch_outcomes(batch)
    return f"{batch.key}: " + (", ".join(f"{count} {name}" for name, count in counts.items()) or "nobody")


def dry_run(settings: Settings, as_of: datetime, now: datetime) -> Report:
    """What a push of this night would send, from its plan; asks no provider and writes nothing."""
    permission.require_near_the_clock(settings, as_of, now)
    counts = Journal(Warehouse(settings)).audience()
    lines = [
        f"{campaign}/{step} ({language}): {count} contacts would be mailed"
        for campaign, step, language, count in counts
    ]
    lines.append("side_effects is none in settings.yml: nothing was sent, no intent was written")
    return Report("push", tuple(lines), {"dry_run": True, "planned": sum(count for *_, count in counts)})


def _report(delivery: Delivery, new: int, lines: list[str]) -> Report:
    night = delivery.journal.night(delivery.as_of)
    if not lines:
        done = ", ".join(f"{count} {name}" for name, count in night.items())
        again = f"nothing new for this night; already done: {done}; nobody is mailed twice"
        lines = [again if done else "nobody to mail"]
    figures = {"new_batches": new, "outcomes": night}
    return Report("push", tuple(lines), figures)
