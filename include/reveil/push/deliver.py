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
from reveil.campaigns import MessageText, find_campaign, find_message
from reveil.esp.base import (
    STARTED,
    Esp,
    EspCampaign,
    EspRejected,
    EspUnavailable,
    EspUncertain,
    Message,
)
from reveil.push.gather import gather
from reveil.push.guards import halted_providers
from reveil.push.journal import Batch, Journal, Outcome
from reveil.push.lists import find_or_make_list
from reveil.push.mailing import Mailing
from reveil.push.spool import spool
from reveil.push.window import Closed, Window, next_send_instant
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, hold

_LOOKS = 3
"""How often something is looked for again after a call whose end is unknown."""


@dataclass
class Delivery:
    """What the steps of one push share. `now` is the provider's time; `sleep` waits between two looks at a running
    campaign."""

    settings: Settings
    esp: Esp
    journal: Journal
    as_of: datetime
    now: datetime
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
            permission.require_no_erased_back(settings, connection, as_of)
        delivery = Delivery(settings, esp, Journal(warehouse), as_of, now)
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
    if started is not None:
        _discard(delivery, [twin for twin in twins if twin.id != started.id])
        if started.status == "paused" and delivery.journal.was_paused(batch):
            _go_on(delivery, batch, started)
    elif _is_too_old(delivery, batch, twins):
        return _cancel(delivery, batch, twins)
    else:
        started = _fill_and_start(delivery, batch)
    return _finish(delivery, batch, started) if started else _close(delivery, batch, None)


def _is_too_old(delivery: Delivery, batch: Batch, twins: Sequence[EspCampaign]) -> bool:
    """An intent that waits for its hour at the provider is counted from that hour on."""
    since = max([batch.as_of, *(twin.send_at for twin in twins if twin.status == "scheduled" and twin.send_at)])
    return delivery.as_of - since >= timedelta(hours=delivery.settings.push.intent_ttl_hours)


def _cancel(delivery: Delivery, batch: Batch, twins: Sequence[EspCampaign]) -> str:
    _discard(delivery, twins)
    delivery.journal.release(batch, delivery.as_of)
    return f"{batch.key}: never started and too old; cancelled, its contacts may be planned again"


def _discard(delivery: Delivery, campaigns: Sequence[EspCampaign]) -> None:
    for campaign in campaigns:
        delivery.esp.discard(campaign.id)


def _fill_and_start(delivery: Delivery, batch: Batch) -> EspCampaign | None:
    """The campaign, started; None where nobody is left to mail."""
    list_id = find_or_make_list(delivery.esp, batch.key)
    with spool(delivery.settings, "push") as folder:
        mailing = Mailing(Warehouse(delivery.settings), batch, delivery.esp, folder)
        _fill(delivery, mailing, list_id)
        campaign = _find_or_make_campaign(delivery, batch, list_id)
        _last_look(delivery, mailing, list_id)
        campaign = delivery.esp.campaign(campaign.id)
        if campaign.status in STARTED:  # by somebody else, who knows nothing of the last look
            return campaign
        if not mailing.settle(delivery.as_of):
            delivery.esp.discard(campaign.id)
            return None
    return _start(delivery, batch, campaign, list_id)


def _fill(delivery: Delivery, mailing: Mailing, list_id: str) -> None:
    """Make the list hold exactly whom the mailing chose, as far as the provider lets them in."""
    mailing.choose()
    delivery.esp.upload(list_id, mailing.recipients())
    _take_off_strangers(delivery, mailing, list_id)


def _take_off_strangers(delivery: Delivery, mailing: Mailing, list_id: str) -> None:
    strangers = mailing.read_back(delivery.esp.members(list_id))
    if strangers:
        delivery.esp.remove_members(list_id, strangers)


def _last_look(delivery: Delivery, mailing: Mailing, list_id: str) -> None:
    """Just before the start: whoever objected while the list was being filled, and halted mailbox providers."""
    gather(delivery.settings, delivery.esp, delivery.as_of)
    late = mailing.look_again(halted_providers(Warehouse(delivery.settings), delivery.esp.clock()))
    if late:
        delivery.esp.remove_members(list_id, late)


def _go_on(delivery: Delivery, batch: Batch, campaign: EspCampaign) -> None:
    """Let a campaign that a guard paused go on without whom may no longer be mailed; one that waited for too long is
    cancelled, and who was not reached is unknown."""
    if delivery.as_of - batch.as_of > timedelta(hours=delivery.settings.push.intent_ttl_hours):
        delivery.esp.discard(campaign.id)
        return
    list_id = find_or_make_list(delivery.esp, batch.key)
    with spool(delivery.settings, "push") as folder:
        mailing = Mailing(Warehouse(delivery.settings), batch, delivery.esp, folder)
        mailing.choose()
        _take_off_strangers(delivery, mailing, list_id)
        _last_look(delivery, mailing, list_id)
    permission.require_not_paused(delivery.settings)
    delivery.esp.start(campaign.id)
    delivery.journal.record(batch, "resumed", delivery.as_of, list_id=list_id, campaign_id=campaign.id)


def _find_or_make_campaign(delivery: Delivery, batch: Batch, list_id: str) -> EspCampaign:
    message = _message(delivery, batch)
    for _ in range(_LOOKS):
        twins = delivery.esp.find_campaigns(batch.key)
        if twins:
            _discard(delivery, twins[1:])
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


def _start(delivery: Delivery, batch: Batch, campaign: EspCampaign, list_id: str) -> EspCampaign:
    """The campaign, started, or scheduled where its file lets nothing leave now."""
    permission.require_not_paused(delivery.settings)
    at = _send_instant(delivery, batch)
    try:
        if at <= delivery.now:
            delivery.esp.start(campaign.id)
        elif campaign.send_at != at or campaign.status != "scheduled":
            delivery.esp.schedule(campaign.id, at)
        campaign = delivery.esp.campaign(campaign.id)
    except (EspUncertain, EspRejected) as error:
        campaign = delivery.esp.campaign(campaign.id)
        if campaign.status not in (*STARTED, "scheduled"):
            raise EspUnavailable(f"{batch.key}: could not be started ({error}); try again later") from None
    event = "started" if campaign.status in STARTED else "scheduled"
    delivery.journal.record(batch, event, delivery.as_of, list_id=list_id, campaign_id=campaign.id)
    return campaign


def _send_instant(delivery: Delivery, batch: Batch) -> datetime:
    """When the campaign file lets the batch leave; now at the earliest."""
    campaign = find_campaign(delivery.settings.campaigns, batch.campaign)
    given = campaign.send_window
    window = Window(given.opens, given.closes, given.time_zone) if given else None
    return next_send_instant(window, [Closed(one.first, one.last) for one in campaign.blackout], delivery.now)


def _finish(delivery: Delivery, batch: Batch, campaign: EspCampaign) -> str:
    deadline = time.monotonic() + delivery.settings.push.finish_wait_seconds
    campaign = delivery.esp.campaign(campaign.id)
    while campaign.status == "running" and time.monotonic() < deadline:
        delivery.sleep(delivery.settings.esp.poll_seconds)
        campaign = delivery.esp.campaign(campaign.id)
    if campaign.status == "scheduled":
        return f"{batch.key}: leaves at {campaign.send_at:%Y-%m-%d %H:%M} UTC; settled by a later push"
    if campaign.status in ("running", "paused"):
        return f"{batch.key}: {campaign.status} at the provider, {campaign.sent} sent so far; settled by a later push"
    return _close(delivery, batch, campaign)


def _outcome(campaign: EspCampaign, undecided: int) -> Outcome:
    """What the provider's counts say about contacts it cannot name one by one.

    Fewer sent than stood on the list, and nobody can say who was left out: all are unknown, treated as sent.
    """
    if campaign.sent == 0 and campaign.status == "cancelled":
        return Outcome("refused", "cancelled_at_esp")
    if campaign.sent >= undecided:
        return Outcome("sent")
    return Outcome("unknown", f"provider sent {campaign.sent} of {undecided}")


def _close(delivery: Delivery, batch: Batch, campaign: EspCampaign | None) -> str:
    """The end of a batch; without a campaign nobody was left to mail, and everybody has an outcome already."""
    outcome = _outcome(campaign, delivery.journal.undecided(batch)) if campaign else None
    campaign_id = campaign.id if campaign else None
    delivery.journal.record(batch, "closed", delivery.as_of, campaign_id=campaign_id, outcome=outcome)
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
