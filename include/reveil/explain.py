"""Why a contact is where it is, in sentences, from the published copy: nobody waits for the nightly run.

The copy holds decisions and their reasons and nothing that names a person; the contact is known by its id alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import duckdb

from reveil.errors import BadInput
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import connect, sql

Facts = Mapping[str, Any]

_SIGNALS = {
    "sign_up": "sign-up",
    "open": "open",
    "click": "click",
    "purchase": "purchase",
    "login": "login",
    "order": "order (whatever became of it)",
    "preference": "stated preference",
    "consent": "consent",
    "interaction": "message, visit or ticket",
    "first_load": "first appearance in an export",
}
_ACTS = {"open": "an open", "click": "a click", "purchase": "a purchase", "login": "a login"}
_RULES = {
    "fresh_signal": "the last {signal}, on {at}, is {days} days old, younger than the {threshold} days that it counts",
    "returned": "the contact came back from a campaign; the last {signal} was on {at}",
    "silent": "every signal that counts is too old; the one that lasted longest is the {signal} of {at}, "
    "{days} days ago, and it counted for {threshold} days",
    "threshold": "silent for too long to be mailed at all; the last to go was the {signal} of {at}, "
    "{days} days ago, {threshold} or more",
    "campaign": "the last campaign ended in silence; the last {signal} was on {at}",
    "no_signal": "nothing dated is known of the contact; the first appearance in an export, on {at}, stands in for a "
    "sign-up, which counts for {threshold} days",
}
_REFUSALS = {
    "erasure_pending": "the person asked for erasure",
    "objected": "somebody of this mailbox unsubscribed",
    "complained": "somebody of this mailbox complained about a message",
    "hard_bounce": "the mailbox does not exist any more",
    "no_consent": "there is no consent to marketing",
    "no_address": "no valid address is known",
    "same_mailbox": "another contact of the same mailbox, engaged more recently, is written to instead",
    "frequency_never": "the person asked never to be written to",
}


def explain(settings: Settings, contact_id: str) -> Report:
    """Sentences about one contact, with the dates; the same facts as figures.

    Raises BadInput where nothing has been published yet, or nothing is known of that id.
    """
    if not settings.published.exists():
        raise BadInput(f"{settings.published}: nothing published yet; run `make nightly` or `reveil publish`")
    with connect(settings.published, read_only=True) as connection:
        facts = _facts(connection, contact_id)
        values = {key: facts[key] for key in ("business_line", "contact_kind")}
        thresholds = dict(connection.execute(sql("explain_thresholds"), values).fetchall())
    return Report("explain", tuple(_sentences(facts, thresholds)), _figures(facts, thresholds))


def _facts(connection: duckdb.DuckDBPyConnection, contact_id: str) -> Facts:
    cursor = connection.execute(sql("explain_contact"), {"contact_id": contact_id})
    names = [column[0] for column in cursor.description or ()]
    row = cursor.fetchone()
    if row is None:
        raise BadInput("no contact of that id in the published copy; ids are the CRM's, as in crm_contacts")
    return dict(zip(names, row, strict=True))


def _sentences(facts: Facts, thresholds: Mapping[str, int]) -> Iterator[str]:
    night = f"{facts['as_of']:%Y-%m-%d %H:%M} UTC"
    yield f"contact {facts['contact_id']}, business line {facts['business_line']}, as of {night}"
    yield f"status: {facts['status']} since {facts['status_since']:%Y-%m-%d}: {_rule(facts)}"
    yield f"next: {_next(facts)}"
    yield f"what would change it: {_changes(facts, thresholds)}"
    yield f"e-mail: {_mailable(facts)}"
    yield f"campaign: {_campaign(facts)}"
    yield f"erasure: {_erasure(facts)}"


def _rule(facts: Facts) -> str:
    return _RULES[facts["rule"]].format(
        signal=_SIGNALS[facts["deciding_signal"]],
        at=f"{facts['deciding_signal_at']:%Y-%m-%d}",
        days=facts["days_since"],
        threshold=facts["threshold_days"],
    )


def _next(facts: Facts) -> str:
    if facts["next_status"] is None:
        return "stays so until something new is heard"
    drifting = "; the contact is drifting: now is the time to act" if facts["is_drifting"] else ""
    return f"{facts['next_status']} on {facts['next_status_on']:%Y-%m-%d} if nothing happens{drifting}"


def _changes(facts: Facts, thresholds: Mapping[str, int]) -> str:
    acts = [f"{act} ({thresholds[signal]} days)" for signal, act in sorted(_ACTS.items()) if signal in thresholds]
    if not acts:
        return "no signal counts for this line but the sign-up"
    verb = (
        "keep the contact active for so long from that day"
        if facts["status"] == "active"
        else "make the contact active again"
    )
    return f"{' or '.join(acts)} would {verb}"


def _mailable(facts: Facts) -> str:
    if not facts["is_mailable"]:
        return f"may not be written to: {_REFUSALS[facts['not_mailable_reason']]}"
    if facts["regular_frequency"]:
        return f"may be written to, and gets regular messages: {facts['regular_frequency']}"
    return "may be written to, but gets no regular messages while not active"


def _campaign(facts: Facts) -> str:
    if facts["campaign"] is None:
        return "nothing is due from a campaign tonight"
    return f"{facts['campaign']}, {'; '.join((*_position(facts), *_tonight(facts)))}"


def _position(facts: Facts) -> Iterator[str]:
    if facts["position_arm"] is None:
        return
    since = f"{facts['position_since']:%Y-%m-%d}"
    if facts["position_arm"] == "holdout":
        yield f"enrolled on {since} for comparison, is sent nothing until {facts['position_closes_on']:%Y-%m-%d}"
        return
    yield f"was sent step {facts['position_step']} on {since}"
    if facts["position_reaction"] is None:
        yield "its reaction is not read yet"
    elif facts["position_exit"] is not None:
        closes = f"{facts['position_closes_on']:%Y-%m-%d}"
        yield f"on {facts['position_reaction']} leaves as {facts['position_exit']}, observed until {closes}"
    else:
        yield f"reaction: {facts['position_reaction']}"


def _tonight(facts: Facts) -> Iterator[str]:
    if facts["held_reason"] is not None:
        yield f"step {facts['held_step']} is held back tonight: {facts['held_reason']}"
    elif facts["arm"] == "holdout":
        yield f"enters tonight and is sent nothing: {facts['step_reason']}"
    elif facts["arm"] is not None:
        yield f"step {facts['step']}, sends {facts['message']} tonight: {facts['step_reason']}"


def _erasure(facts: Facts) -> str:
    signal = _SIGNALS[facts["last_contact_signal"]]
    last = f"the last thing that came from the person is the {signal} of {facts['last_contact_at']:%Y-%m-%d}"
    due = f"the data must be gone by {facts['erasure_due_on']:%Y-%m-%d}"
    overdue = f", {facts['days_overdue']} days overdue" if facts["days_overdue"] else ""
    if facts["erasure_reason"] == "request":
        return f"{due}, since the person asked for it{overdue}; {last}"
    if facts["erasure_reason"] == "goodbye":
        return f"{due}, since the goodbye got no answer{overdue}; {last}"
    if facts["erasure_reason"] == "account":
        months = facts["account_months"]
        return f"{due}{overdue}: {last}, an account may be kept for {months} months, and the goodbye got no answer"
    held = f", held until {facts['hold_until']:%Y-%m-%d}" if _is_held(facts) else ""
    return f"{due}{overdue}: {last}, and it may be kept for {facts['months_kept']} months{held}; an open does not count"


def _is_held(facts: Facts) -> bool:
    hold = facts["hold_until"]
    return hold is not None and hold.date() == facts["clock_due_on"]


def _figures(facts: Facts, thresholds: Mapping[str, int]) -> dict[str, Any]:
    told = {key: value.isoformat() if isinstance(value, date | datetime) else value for key, value in facts.items()}
    return {**told, "dormant_after_days": dict(thresholds)}
