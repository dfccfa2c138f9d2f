"""Random reactions through random campaigns, night by night on the real models, against the state machine in plain
Python and against what no campaign may do to anybody."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path as Folder
from typing import Any

import duckdb
import pytest
from campaign_paths import FIRST_NIGHT, Life, Models, Path, Rules, facts, path
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from raw_rows import settings_at

from reveil.settings import Settings
from reveil.warehouse import Warehouse, connect

pytestmark = pytest.mark.slow

# everything that a life writes
TABLES = (
    *("raw.crm_contacts", "raw.crm_orders", "raw.crm_logins", "raw.crm_preferences", "raw.esp_events"),
    *("journal.batches", "journal.batch_contacts", "journal.budget_entries", "journal.enrolments"),
    *("rules.campaigns", "rules.campaign_steps", "rules.campaign_transitions", "rules.campaign_answers"),
    *("rules.campaign_messages", "rules.budgets"),
)
NIGHTS = 20


@dataclass
class Seen:
    """What happened in all nights, so that a test can say that it saw something."""

    exits: set[str] = field(default_factory=set)
    held_back: set[str] = field(default_factory=set)
    statuses: set[str] = field(default_factory=set)
    follow_ups: int = 0
    holdouts: int = 0


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_at(Folder(tmp_path_factory.mktemp("paths")))
    with Warehouse(settings).write("test"):
        pass
    return settings


@pytest.fixture(scope="module")
def models(settings: Settings) -> Models:
    return Models(settings)


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen()


def nights(chance: random.Random) -> Iterator[datetime]:
    night = FIRST_NIGHT
    for _ in range(NIGHTS):
        yield night
        night += timedelta(days=chance.choice((1, 1, 2, 5)))


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


@hypothesis_settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 1_000_000))
def test_every_path_is_the_one_that_the_rules_describe(
    settings: Settings, models: Models, seen: Seen, seed: int
) -> None:
    chance = random.Random(seed)
    rules, life = Rules.drawn(chance), Life(settings, chance, contacts=40)
    with connect(settings.warehouse) as connection:
        for table in TABLES:
            connection.execute(f"delete from {table}")
    rules.write(settings)
    life.begin()
    before = FIRST_NIGHT - timedelta(days=1)
    with connect(settings.warehouse) as connection:
        connection.execute("set threads = 1")
        for night in nights(chance):
            life.react(connection, before, night)
            models.run(connection, night)
            check_paths(connection, rules, life, night, seen)
            check_steps(connection, rules, seen)
            check_statuses(connection, seen)
            life.push(connection, night)
            before = night
        check_journal(connection, rules)
        check_that_every_path_ends(connection, models, rules, night)


def test_the_random_lives_reached_what_they_are_to_test(seen: Seen) -> None:
    assert seen.exits >= {"came_back", "refused", "not_sent", "unsubscribed", "complained"}
    assert seen.held_back >= {"too_soon", "max_per_night", "budget", "erasure_due"}
    assert seen.statuses >= {"returned", "campaign", "fresh_signal", "silent", "threshold"}
    assert seen.follow_ups > 20
    assert seen.holdouts > 5


def check_paths(connection: duckdb.DuckDBPyConnection, rules: Rules, life: Life, night: datetime, seen: Seen) -> None:
    known = facts(connection, night, life.tracked)
    found = rows(
        connection,
        "select campaign, contact_id, enrolment, step, reaction, next_step, exit, closed_on, ended_in_silence "
        "from intermediate.int_enrolments where arm = 'treated' order by all",
    )
    for row in found:
        key = (row[0], row[1], row[2])
        assert Path(*row[3:]) == path(rules, known[row[1]], key, night), key
        seen.exits.add(str(row[6]))


def check_steps(connection: duckdb.DuckDBPyConnection, rules: Rules, seen: Seen) -> None:
    """A step follows from the position; the reason names the transition; nobody is written to who must not be."""
    query = (
        "select steps.contact_id, steps.campaign, steps.step, steps.reaction, steps.reason, steps.is_enrolment, "
        "steps.arm, positions.step, statuses.is_mailable, statuses.status, statuses.is_drifting "
        "from marts.next_step as steps left join marts.campaign_position as positions using (contact_id) "
        "left join marts.contact_status as statuses using (contact_id)"
    )
    found = rows(connection, query)
    assert len({row[0] for row in found}) == len(found)
    for _, campaign, step, reaction, reason, is_enrolment, arm, position, is_mailable, status, is_drifting in found:
        assert is_mailable
        if is_enrolment:
            assert position is None
            audience = rules.campaigns[campaign]["audience"]
            assert audience == "goodbye" or status == "dormant" or (is_drifting and audience != "dormant")
            assert f"enters at {rules.campaigns[campaign]['first_step']}" in reason
            assert (step is None) == (arm == "holdout")
            seen.holdouts += arm == "holdout"
            continue
        seen.follow_ups += 1
        taken = rules.transitions[campaign, position, reaction]
        assert f"on {reaction}, {position} leads to {taken['next_step']}" in reason
        assert step == taken["next_step"] or (step == taken["otherwise_step"] and f"otherwise {step}" in reason)
    held = rows(connection, "select contact_id, reason from marts.held_back")
    assert not {row[0] for row in found} & {row[0] for row in held}
    seen.held_back |= {row[1] for row in held}


def check_statuses(connection: duckdb.DuckDBPyConnection, seen: Seen) -> None:
    """The last row of the history is the status, without gaps before it; nobody in a campaign is lost."""
    last = rows(
        connection,
        "select contact_id, status, valid_from from marts.contact_status_history where valid_to is null order by all",
    )
    current = rows(connection, "select contact_id, status, status_since from marts.contact_status order by all")
    assert last == current
    gaps = (
        "select 1 from (select *, lead(valid_from) over (partition by contact_id order by valid_from) as next_from, "
        "lead(status) over (partition by contact_id order by valid_from) as next_status "
        "from marts.contact_status_history) where valid_to is distinct from next_from or status = next_status"
    )
    assert rows(connection, gaps) == []
    lost = "select 1 from marts.campaign_position join marts.contact_status using (contact_id) where status = 'lost'"
    assert rows(connection, lost) == []
    later = "select 1 from marts.contact_status where next_status_on <= cast(as_of as date)"
    assert rows(connection, later) == []
    seen.statuses |= {row[0] for row in rows(connection, "select distinct rule from marts.contact_status")}


def check_journal(connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Over the whole life: messages, waits, budgets, and one campaign at a time."""
    sent = rows(
        connection,
        "select campaign, contact_id, enrolment, step, as_of, outcome from journal.batch_contacts "
        "order by contact_id, as_of",
    )
    counts: dict[tuple[str, str, int], int] = {}
    last: dict[str, tuple[Any, ...]] = {}
    for campaign, contact_id, enrolment, step, as_of, outcome in sent:
        key = (campaign, contact_id, enrolment)
        counts[key] = counts.get(key, 0) + (outcome != "refused")
        before = last.get(contact_id)
        if before is not None and before[:3] == key:
            assert as_of >= before[4] + timedelta(days=rules.steps[campaign, before[3]]["wait_days"])
        if before is not None and before[5] != "refused":
            assert as_of.date() >= before[4].date() + timedelta(days=7)
        last[contact_id] = (*key, step, as_of, outcome)
    assert all(count <= rules.campaigns[key[0]]["max_messages"] for key, count in counts.items())
    spent = rows(connection, "select as_of, amount from journal.budget_entries")
    periods: dict[Any, float] = {}
    for as_of, amount in spent:
        period = {
            "campaign": None,
            "month": (as_of.year, as_of.month),
            "quarter": (as_of.year, (as_of.month - 1) // 3),
            "year": as_of.year,
        }[rules.budget["period"]]
        periods[period] = periods.get(period, 0) + float(amount)
    assert all(amount <= rules.budget["amount"] for amount in periods.values())


def check_that_every_path_ends(
    connection: duckdb.DuckDBPyConnection, models: Models, rules: Rules, night: datetime
) -> None:
    """When nothing more happens and nothing more is sent, no enrolment stays open."""
    models.run(connection, night + timedelta(days=60))
    assert rows(connection, "select * from marts.campaign_position") == []
    closed: list[tuple[date]] = rows(connection, "select closed_on from intermediate.int_enrolments")
    assert closed
    assert all(day is not None for (day,) in closed)
