"""An intent writes batches, contacts, commitments and enrolments at once, and never exceeds a budget."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pushing import NIGHT, decide, make_warehouse, query, settings_for

from reveil.errors import Refused
from reveil.push import plan
from reveil.push.journal import Journal
from reveil.settings import Settings
from reveil.warehouse import Warehouse

CONTACTS = 6
COMMITTED = "select contact_id from journal.budget_entries where entry = 'committed' order by 1"
LEFT = """
select coalesce(sum(if(entry = 'committed', amount, -amount)), 0) from journal.budget_entries
where date_trunc('month', as_of) = '{month}-01'
"""


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    settings = settings_for(tmp_path / "data")
    make_warehouse(settings, CONTACTS)
    write(settings, "insert into rules.budgets (budget, amount, currency, period) values ('gifts', 25, 'EUR', 'month')")
    offer(settings)
    return settings


def write(settings: Settings, *statements: str) -> None:
    with Warehouse(settings).write("test") as connection:
        for statement in statements:
            connection.execute(statement)


def offer(settings: Settings) -> None:
    """Everybody's message holds an offer of 10; c000 has spent most."""
    write(settings, "update marts.next_step set offer = 'gift', offer_cost = 10, budget = 'gifts', currency = 'EUR'")


def intend(settings: Settings, as_of: datetime = NIGHT) -> int:
    plan(settings, as_of, now=as_of)
    return Journal(Warehouse(settings)).intend(as_of, "sandbox")


def column(settings: Settings, text: str) -> list[object]:
    return [row[0] for row in query(settings, text)]


def test_offers_are_committed_in_order_of_past_spend_and_never_beyond_the_budget(here: Settings) -> None:
    intend(here)
    assert column(here, COMMITTED) == ["c000", "c001"]
    assert column(here, "select contact_id from journal.batch_contacts order by 1") == ["c000", "c001"]
    assert column(here, "select contact_id from journal.enrolments order by 1") == ["c000", "c001"]


def test_a_second_night_counts_all_that_is_committed_whatever_its_models_saw(here: Settings) -> None:
    intend(here)
    tomorrow = NIGHT + timedelta(days=1)
    decide(here, tomorrow)
    offer(here)
    assert intend(here, tomorrow) == 0
    assert column(here, COMMITTED) == ["c000", "c001"]


def test_the_next_month_has_its_own_amount(here: Settings) -> None:
    intend(here)
    later = datetime(1998, 8, 1)
    decide(here, later)
    offer(here)
    intend(here, later)
    assert column(here, COMMITTED) == ["c000", "c001", "c002", "c003"]


def test_an_offer_whose_budget_is_gone_is_not_made(here: Settings) -> None:
    write(here, "delete from rules.budgets")
    assert intend(here) == 0
    assert column(here, COMMITTED) == []


def test_a_cancelled_intent_frees_the_period_that_it_burdened_and_was_no_enrolment(here: Settings) -> None:
    intend(here)
    journal = Journal(Warehouse(here))
    for batch in journal.open_batches():
        journal.release(batch, datetime(1998, 8, 2))
    assert column(here, LEFT.format(month="1998-07")) == [0]
    assert column(here, LEFT.format(month="1998-08")) == [0]
    assert column(here, "select contact_id from journal.enrolments") == []


def test_a_cancelled_follow_up_leaves_its_enrolment(here: Settings) -> None:
    write(
        here,
        "insert into journal.batch_contacts (batch_key, campaign, enrolment, step, contact_id, as_of, outcome)"
        " values ('first', 'winback', 1, 'first', 'c000', '1998-06-01', 'sent')",
    )
    intend(here)
    journal = Journal(Warehouse(here))
    for batch in journal.open_batches():
        if batch.key != "first":
            journal.release(batch, NIGHT)
    assert column(here, "select contact_id from journal.enrolments") == ["c000"]


def test_holdouts_are_enrolled_and_in_no_batch(here: Settings) -> None:
    write(
        here,
        "update marts.next_step set arm = 'holdout', step = null, message = null, language = null, offer_cost = 0,"
        " closes_on = '1998-10-01' where contact_id in ('c001', 'c002')",
    )
    intend(here)
    arms = dict(query(here, "select contact_id, arm from journal.enrolments"))  # type: ignore[arg-type]
    assert arms == {"c000": "treated", "c001": "holdout", "c002": "holdout", "c003": "treated"}
    assert column(here, "select contact_id from journal.batch_contacts order by 1") == ["c000", "c003"]
    decide(here, NIGHT)
    assert plan(here, NIGHT, now=NIGHT).figures["planned"] == 0


def test_a_night_that_draws_holdouts_alone_is_drawn_once(here: Settings) -> None:
    holdouts = (
        "update marts.next_step set arm = 'holdout', step = null, message = null, language = null, offer_cost = 0,"
        " closes_on = '1998-10-01'"
    )
    write(here, holdouts)
    assert intend(here) == 0
    drawn = query(here, "select contact_id, arm, as_of from journal.enrolments order by 1")
    assert [arm for _, arm, _ in drawn] == ["holdout"] * CONTACTS
    decide(here, NIGHT)  # the same night, its models made again: they know the enrolments, or do not yet
    write(here, holdouts)
    assert plan(here, NIGHT, now=NIGHT).figures["planned"] == 0
    assert intend(here) == 0
    assert query(here, "select contact_id, arm, as_of from journal.enrolments order by 1") == drawn


def test_the_first_night_of_a_file_is_its_canary(here: Settings) -> None:
    write(
        here,
        "update marts.next_step set offer_cost = 0 where contact_id <> 'c000'",
        "delete from marts.next_step where contact_id >= 'c003'",
    )
    intend(here)
    assert set(query(here, "select is_canary, file_digest from journal.batches")) == {(True, "v1")}
    tomorrow = NIGHT + timedelta(days=1)
    decide(here, tomorrow)
    intend(here, tomorrow)
    assert set(column(here, f"select is_canary from journal.batches where as_of = '{tomorrow}'")) == {False}


@pytest.fixture
def company(here: Settings) -> Settings:
    """The same with a real provider."""
    write(here, "delete from rules.campaigns")
    write(
        here,
        "insert into rules.campaigns by name select 'winback' as campaign, 'dormant' as audience, true as is_enabled,"
        " 'first' as first_step, 9 as max_per_night, 'en' as default_language, 2 as max_messages, 180 as cool_off_days,"
        " 0.1 as holdout_share, 's' as salt, 60 as observation_days, 'count' as unknown_opens, 90 as conversion_days,"
        " 30 as path_days, false as erases_early, 'v1' as file_digest, 6 as approve_above_contacts",
    )
    return here.with_esp(provider="listmonk")


def test_the_first_send_of_a_file_waits_for_a_person_and_is_asked_for_once(company: Settings) -> None:
    with pytest.raises(Refused, match=r"winback: its file or a text is new or changed\. Look at `reveil preview`"):
        plan(company, NIGHT, now=NIGHT)
    assert column(company, "select contact_id from journal.audience") == []
    plan(company, NIGHT, now=NIGHT, approved_by="Ann")
    assert query(company, "select campaign, file_digest, contacts, cost, approved_by from journal.approvals") == [
        ("winback", "v1", 6, 60, "Ann")
    ]
    assert plan(company, NIGHT, now=NIGHT).figures["planned"] == CONTACTS


def test_a_night_above_the_files_size_waits_for_a_person(company: Settings) -> None:
    plan(company, NIGHT, now=NIGHT, approved_by="Ann")
    write(company, "update rules.campaigns set approve_above_contacts = 5")
    tomorrow = NIGHT + timedelta(days=1)
    decide(company, tomorrow)
    with pytest.raises(Refused, match="winback: 6 contacts are more than 5"):
        plan(company, tomorrow, now=tomorrow)


def test_the_sandbox_needs_no_approval(company: Settings) -> None:
    assert plan(company.with_esp(provider="sandbox"), NIGHT, now=NIGHT).figures["planned"] == CONTACTS
