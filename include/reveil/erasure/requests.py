"""Art. 17 on the command line: note a request, tell what became of one person, change the key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reveil.addresses import normalise_address
from reveil.compliance import Compliance
from reveil.errors import BadInput
from reveil.load.refuse import mark_for_replay
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql

_WHY = {
    "retention": "after the retention period",
    "request": "on request",
    "account": "with an inactive account",
    "goodbye": "after a goodbye",
}


def note_requests(
    settings: Settings, contact_id: str | None, addresses: Sequence[str], requested_at: datetime
) -> Report:
    """Write requests where the CRM's own arrive, each person once: the first one's date counts.

    The answer is the same whether the person is known here or not. Raises BadInput for a line that is no address
    (its number is named, not its text) and where there is no warehouse yet.
    """
    ids = [contact_id] if contact_id else []
    found = [normalise_address(address) for address in addresses]
    for number, address in enumerate(found, start=1):
        if address is None:
            raise BadInput(f"line {number} of the standard input: no e-mail address; give one address a line")
    if not ids and not found:
        raise BadInput("nobody named; give a contact id, or addresses on the standard input, one a line")
    warehouse = Warehouse(settings)
    if not warehouse.exists:
        raise BadInput(f"{warehouse.path}: no warehouse yet; run `reveil load` first")
    compliance = Compliance(settings)
    subjects = [(value, None) for value in ids] + [(None, address) for address in found]
    bound = {
        "request_ids": [f"command line/{compliance.hmac(one or other or '')[:32]}" for one, other in subjects],
        "contact_ids": [one for one, _ in subjects],
        "emails": [other for _, other in subjects],
        "requested_at": requested_at,
    }
    with warehouse.write("erase request") as connection:
        connection.execute(sql("note_requests"), bound)
        due_on = connection.execute(sql("request_deadline"), {"requested_at": requested_at}).fetchall()[0][0]
    lines = (
        f"noted: {len(subjects)}; due by {due_on} where the person is known here, and the next nights erase them",
        "the answer is the same for everybody: who is known is not told",
    )
    return Report("erase request", lines, {"noted": len(subjects), "due_on": due_on.isoformat()})


def replay(settings: Settings, as_of: datetime) -> Report:
    """After a warehouse was put back from an old copy: whoever was erased since is marked as a request, so that nobody
    mails them and the next erasure takes them."""
    warehouse = Warehouse(settings)
    if not warehouse.exists:
        raise BadInput(f"{warehouse.path}: no warehouse yet; run `reveil load` first")
    with warehouse.write("erase replay") as connection:
        connection.begin()
        marked, readmitted = mark_for_replay(settings, connection, as_of)
        connection.commit()
    lines = [f"{marked} people who were erased before are marked for the next erasure, and not mailed meanwhile"]
    if readmitted:
        lines.append(f"{readmitted} people erased for inactivity have come back by themselves since, and stay")
    return Report("erase replay", tuple(lines), {"marked": marked, "readmitted": readmitted})


def look_up(settings: Settings, subjects: Sequence[str]) -> Report:
    """For each address or contact id: erased when, why and by which run, or not known. Nothing is kept or shown."""
    if not subjects:
        raise BadInput("nobody named; give addresses or contact ids on the standard input, one a line")
    compliance = Compliance(settings)
    lines: list[str] = []
    figures: list[dict[str, Any]] = []
    for number, subject in enumerate(subjects, start=1):
        values = {subject.strip(), normalise_address(subject) or ""} - {""}
        entries = compliance.find(sorted(values))
        lines += [
            f"{number}: erased {entry.erased_at:%Y-%m-%d} {_WHY[entry.reason]}, run {entry.run_id}"
            f"{'' if entry.state == 'final' else ', not finished yet'}; kept out until {entry.expires_on}"
            for entry in entries
        ] or [f"{number}: not known as erased"]
        figures.append(
            {
                "line": number,
                "erased": [
                    {
                        "erased_at": entry.erased_at.isoformat(),
                        "reason": entry.reason,
                        "run_id": entry.run_id,
                        "state": entry.state,
                        "expires_on": entry.expires_on.isoformat(),
                    }
                    for entry in entries
                ],
            }
        )
    return Report("erase lookup", tuple(lines), {"subjects": figures})


def rotate_key(settings: Settings) -> Report:
    """A new key for entries to come. The old one stays: without it, those erased before could come back."""
    key_id = Compliance(settings).rotate()
    lines = (
        f"new entries are made with the key {key_id}; copy it to where the keys' copies are",
        "keep the older keys: entries made with them are read with them",
    )
    return Report("erase rotate-key", lines, {"key_id": key_id})
