"""A provider that fails in every way it can, and a push that is killed at random moments, night after night.

The seed is fixed, the moments are the machine's. Each night: faults are laid out, the push is killed a few times,
people do things at the provider in between; then faults end and a last push goes through, or nobody comes back in time
and the intent is released. The sandbox's own record says who was really mailed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from killing import kill_within
from pushing import NIGHT, Night, Template, decide_for, query
from sandboxes import control, set_shares

from reveil.esp.http import HttpSession
from reveil.esp.listmonk import Listmonk
from reveil.push import push
from reveil.sandbox import running
from reveil.warehouse import Warehouse

pytestmark = pytest.mark.slow

KILLS = 300
KILLS_A_NIGHT = 6
CONTACTS = 8
IN_BUDGET = 6
FAULTS: dict[str, dict[str, Any]] = {
    "5xx before": {"kind": "500_before"},
    "5xx after accepting": {"kind": "500_after"},
    "time-out before": {"kind": "timeout_before"},
    "time-out after": {"kind": "timeout_after"},
    "cut in mid-body": {"kind": "cut_body"},
    "429": {"kind": "429"},
    "429 with Retry-After": {"kind": "429", "retry_after": 1},
    "403": {"kind": "403"},
    "import lost": {"kind": "lost_import", "match": "POST /api/import/subscribers"},
    "list count wrong": {"kind": "stale_counts", "match": "GET /api/lists*"},
}
OFFER = 10
"""What each message commits of the budget, which has room for all of a night but two."""
CALLS = ("POST /api/lists", "POST /api/import/subscribers", "POST /api/campaigns", "PUT /api/campaigns/*",
         "PUT /api/subscribers/*", "GET /api/*")  # fmt: skip


BATCHES = """
select
    planned,
    (select count(*) from journal.batch_contacts where batch_contacts.batch_key = batches.batch_key),
    batch_key in (select batch_key from journal.batch_events where event = 'cancelled')
from journal.batches
"""


def impatient(night: Night) -> Listmonk:
    esp = night.settings.esp
    http = HttpSession(esp.url, (esp.user, esp.token.get_secret_value()), 0.5, 3, sleep=lambda _: None)
    return Listmonk(http, "sandbox", page_size=100, poll_seconds=0.01, import_wait_seconds=5)


def campaigns(night: Night) -> list[dict[str, Any]]:
    rows = control(night.handle, "GET", "/api/campaigns", per_page="all", order_by="created_at")["results"]
    return [row for row in rows if row["name"].startswith(f"winback/{night.name}/")]


def nothing(night: Night, rng: random.Random) -> None:
    """Nobody does anything."""


def make_a_twin(night: Night, rng: random.Random) -> None:
    """Somebody copies a campaign under its own name."""
    for row in campaigns(night)[:1]:
        body = {key: row[key] for key in ("name", "subject", "body", "content_type", "altbody", "from_email")}
        body["lists"] = [one["id"] for one in row["lists"]]
        control(night.handle, "POST", "/api/campaigns", body)


def start_it(night: Night, rng: random.Random) -> None:
    """Somebody starts a campaign of ours by hand, unless its name has been started already."""
    rows = campaigns(night)
    done = {row["name"] for row in rows if row["status"] != "draft"}
    for row in [row for row in rows if row["name"] not in done][:1]:
        control(night.handle, "PUT", f"/api/campaigns/{row['id']}/status", {"status": "running"})


def object_(night: Night, rng: random.Random) -> None:
    """A recipient is blocklisted at the provider."""
    found = control(night.handle, "GET", "/api/subscribers", search=rng.choice(night.addresses))["results"]
    if found:
        control(night.handle, "PUT", "/api/subscribers/blocklist", {"ids": [found[0]["id"]]})


def skip_one(night: Night, rng: random.Random) -> None:
    """From now on this night the provider leaves somebody out of each campaign, without a word."""
    control(night.handle, "PUT", "/sandbox/options", {"skip_messages": 1})


MEANWHILE: dict[str, Callable[[Night, random.Random], None]] = {
    "nothing": nothing,
    "twin campaign": make_a_twin,
    "started elsewhere": start_it,
    "objection": object_,
    "recipients skipped": skip_one,
}


def lay_out(night: Night, rng: random.Random, seen: Counter[str]) -> None:
    faults = []
    for name in rng.sample(sorted(FAULTS), k=2):
        seen[name] += 1
        faults.append({"match": rng.choice(CALLS), "times": rng.choice((1, 1, 2, 4)), **FAULTS[name]})
    control(night.handle, "PUT", "/sandbox/faults", faults)


def survive(night: Night, rng: random.Random, seen: Counter[str]) -> int:
    """Kills of one night."""
    kills = 0
    for _ in range(KILLS_A_NIGHT):
        control(night.handle, "PUT", "/sandbox/faults", [])
        action = rng.choice(sorted(MEANWHILE))
        seen[action] += 1
        MEANWHILE[action](night, rng)
        lay_out(night, rng, seen)
        kills += kill_within(rng.uniform(0.05, 2.0), lambda: push(night.settings, impatient(night), NIGHT, now=NIGHT))
    control(night.handle, "PUT", "/sandbox/faults", [])
    return kills


def reckon(night: Night, totals: Counter[str]) -> None:
    """What must hold at the end of every night, whatever happened in it."""
    messages = night.messages()
    planned = query(night.settings, "select contact_id, outcome from journal.batch_contacts")
    outcomes = {f"{night.name}{contact}@gmail.example": outcome for contact, outcome in planned}
    assert set(messages.values()) <= {1}, f"{night.name}: somebody was mailed twice"
    assert set(outcomes) <= set(night.addresses)
    batches = query(night.settings, BATCHES)
    assert sum(int(str(planned)) for planned, _, _ in batches) in (0, IN_BUDGET), f"{night.name}: {batches}"
    for planned, found, is_cancelled in batches:
        assert found == (0 if is_cancelled else planned), f"{night.name}: somebody is lost"
    for address in night.addresses:
        outcome = outcomes.get(address, "released")
        totals[str(outcome)] += 1
        assert outcome in ("sent", "refused", "unknown", "released"), f"{night.name}: {outcome}"
        if outcome != "unknown":  # otherwise the journal and the provider agree
            assert messages.get(address, 0) == (outcome == "sent"), f"{night.name}: {outcome}, sent otherwise"
    totals["committed"] += budget_kept(night, len(outcomes))
    closed = "select count(*) from journal.batches where batch_key not in (select batch_key from journal.batch_events"
    assert query(night.settings, closed + " where event in ('closed', 'cancelled'))") == [(0,)]


def give_a_budget(template: Template) -> None:
    with Warehouse(template.made).write("test") as connection:
        budget = ["gifts", OFFER * IN_BUDGET]
        connection.execute(
            "insert into rules.budgets (budget, amount, currency, period) values (?, ?, 'EUR', 'month')", budget
        )
        connection.execute(
            "update marts.next_step set offer = 'gift', offer_cost = ?, budget = 'gifts', currency = 'EUR'", [OFFER]
        )


def budget_kept(night: Night, in_batches: int) -> int:
    """What is committed once the night is over: of each contact in a batch once, and never above the budget."""
    entries = query(
        night.settings,
        "select contact_id, sum(if(entry = 'committed', amount, -amount))::integer from journal.budget_entries"
        " group by contact_id",
    )
    assert {amount for _, amount in entries} <= {0, OFFER}, f"{night.name}: committed twice"
    committed = sum(int(str(amount)) for _, amount in entries)
    assert committed == OFFER * in_batches <= OFFER * IN_BUDGET, f"{night.name}: the budget is not kept"
    return committed


def test_no_fault_and_no_kill_mails_anybody_twice_or_loses_anybody(tmp_path: Path) -> None:
    rng = random.Random(20261125)
    seen: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    kills = nights = 0
    with running(tmp_path / "sandbox", clock=NIGHT) as handle:
        set_shares(handle)
        template = Template(tmp_path / "template", handle, CONTACTS)
        give_a_budget(template)
        while kills < KILLS or set(seen) != {*FAULTS, *MEANWHILE}:
            nights += 1
            night = template.night(tmp_path, f"n{nights:03}")
            kills += survive(night, rng, seen)
            last = NIGHT + timedelta(days=1) if nights % 5 == 0 else NIGHT  # nobody resumed it in time
            decide_for(night.settings, last)
            push(night.settings, impatient(night), last, now=last)
            reckon(night, totals)
            control(handle, "PUT", "/sandbox/options", {"skip_messages": 0})
    print(f"{nights} nights, {kills} kills, {dict(totals)}; {dict(seen)}")
    assert totals["sent"]
    assert totals["released"]
    assert totals["unknown"]
    assert totals["refused"]
