"""A mailbox provider is halted by a person or by its figures, and stays so until a person lifts it."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from killing import kill_after, side_effects
from pushing import CONTACTS, NIGHT, Night, Template, adapter, outcomes, query
from sandboxes import control, sent

from reveil.errors import BadInput
from reveil.esp.base import Message, Recipient
from reveil.push import plan, push
from reveil.push.guards import change_guard, halted_providers
from reveil.sandbox import SandboxHandle
from reveil.settings import Settings
from reveil.warehouse import Warehouse

HALTS = "select provider, change, is_automatic, why from journal.guard_changes order by recorded_at"
MESSAGE = Message("Hello", "<p>{{ unsubscribe_url }}</p>", "{{ unsubscribe_url }}", "Shop <news@shop.example>")


def change(settings: Settings, word: str, provider: str = "gmail", why: str = "they wrote to us"):
    return change_guard(settings, word, provider, why, NIGHT, lambda: nullcontext(adapter(settings)))  # type: ignore[arg-type]


def write(settings: Settings, statement: str) -> None:
    with Warehouse(settings).write("test") as connection:
        connection.execute(statement)


def complain(settings: Settings, contact_id: str) -> None:
    write(
        settings,
        "insert into raw.esp_events (esp, event_id, contact_id, event, batch_key, occurred_at, load_id)"
        f" values ('sandbox', 'e-{contact_id}', '{contact_id}', 'complained', 'winback/1', '1998-07-01 01:00', 1)",
    )


def test_a_persons_halt_holds_at_once_and_until_the_lift(here: Settings) -> None:
    assert halted_providers(Warehouse(here)) == set()
    change(here, "halt")
    assert halted_providers(Warehouse(here)) == {"gmail"}
    change(here, "lift")
    assert halted_providers(Warehouse(here)) == set()
    assert [row[:3] for row in query(here, HALTS)] == [("gmail", "halt", False), ("gmail", "lift", False)]


def test_a_provider_that_nobody_has_is_refused_with_those_that_there_are(here: Settings) -> None:
    with pytest.raises(BadInput, match="gmial: no such mailbox provider; one of gmail"):
        change(here, "halt", "gmial")
    assert query(here, HALTS) == []


def test_what_happened_since_the_build_can_halt_a_provider_and_is_recorded_with_its_figures(here: Settings) -> None:
    plan(here, NIGHT, now=NIGHT)
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert halted_providers(Warehouse(here)) == set()
    complain(here, "c001")
    assert halted_providers(Warehouse(here)) == {"gmail"}
    assert halted_providers(Warehouse(here)) == {"gmail"}
    ((provider, word, is_automatic, why),) = query(here, HALTS)
    assert (provider, word, is_automatic) == ("gmail", "halt", True)
    assert "reactivation_complaint_rate 11.11 % (1 of 9 messages)" in str(why)


def test_below_the_least_number_of_messages_nobody_is_halted(here: Settings) -> None:
    complain(here, "c001")  # nothing was sent yet
    assert halted_providers(Warehouse(here)) == set()


def test_after_a_lift_only_what_is_new_counts(here: Settings) -> None:
    write(here, "update intermediate.int_sending_rates set messages = 1000, happenings = 500")
    complain(here, "c001")
    assert halted_providers(Warehouse(here)) == {"gmail"}
    change(here, "lift")
    assert halted_providers(Warehouse(here)) == set()


def test_the_plan_records_the_halts_of_the_build_once(here: Settings) -> None:
    write(here, "update marts.deliverability set verdict = 'halt', why = 'hard bounces 3 %'")
    report = plan(here, NIGHT, now=NIGHT)
    assert "gmail is halted from now on: hard bounces 3 %; `reveil guard lift gmail`" in report.lines
    assert plan(here, NIGHT, now=NIGHT).figures["halts"] == []
    assert query(here, HALTS) == [("gmail", "halt", True, "hard bounces 3 %")]
    change(here, "lift")
    assert plan(here, NIGHT, now=NIGHT).figures["halts"] == []
    assert halted_providers(Warehouse(here)) == set()


def test_a_halt_pauses_the_campaigns_that_are_on_their_way_to_the_provider(
    here: Settings, handle: SandboxHandle
) -> None:
    esp = adapter(here)
    control(handle, "PUT", "/sandbox/options", {"messages_per_tick": 0})
    list_id = esp.create_list("winback/1")
    esp.upload(list_id, [Recipient(f"c{n:03}", f"c{n:03}@gmail.example", "") for n in range(CONTACTS)])
    campaign = esp.create_campaign("winback/1", list_id, MESSAGE)
    esp.start(campaign.id)
    assert esp.campaign(campaign.id).status == "running"
    write(
        here,
        "insert into journal.batch_events (batch_key, event, esp_campaign_id, as_of)"
        f" values ('winback/1', 'started', '{campaign.id}', '1998-07-01')",
    )
    write(
        here,
        "insert into journal.batch_contacts (batch_key, campaign, enrolment, step, contact_id, as_of)"
        " values ('winback/1', 'winback', 1, 'first', 'c001', '1998-07-01')",
    )
    assert change(here, "halt").figures["paused"] == [campaign.id]
    assert esp.campaign(campaign.id).status == "paused"


def test_whom_a_halt_held_back_before_the_start_is_released_and_mailed_after_the_lift(
    here: Settings, handle: SandboxHandle
) -> None:
    write(here, "insert into rules.budgets (budget, amount, currency, period) values ('b', 1000, 'EUR', 'month')")
    write(here, "update marts.next_step set offer = 'o', offer_cost = 10, budget = 'b', currency = 'EUR'")
    plan(here, NIGHT, now=NIGHT)
    write(here, "update marts.contacts set provider = 'orange' where contact_id in ('c001', 'c002', 'c003')")
    change(here, "halt")
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert set(outcomes(here)) == {"c001", "c002", "c003"}
    enrolled = "select count(*) from journal.enrolments"
    committed = (
        "select sum(case entry when 'committed' then amount else -amount end)::integer from journal.budget_entries"
    )
    assert query(here, enrolled) == [(3,)]
    assert query(here, committed) == [(30,)]
    change(here, "lift")
    tomorrow = NIGHT + timedelta(days=1)
    write(here, f"update marts.contact_status set as_of = '{tomorrow}'")
    write(here, f"update marts.next_step set as_of = '{tomorrow}'")
    write(here, "delete from marts.next_step where contact_id in (select contact_id from journal.batch_contacts)")
    plan(here, tomorrow, now=tomorrow)
    push(here, adapter(here), tomorrow, now=tomorrow)
    assert Counter(row["email"] for row in sent(handle)) == {f"c{n:03}@gmail.example": 1 for n in range(CONTACTS)}
    assert query(here, committed) == [(10 * CONTACTS,)]


def impatient(settings: Settings) -> Settings:
    """Settings of a push that does not wait for a batch to end."""
    return settings.model_copy(update={"push": settings.push.model_copy(update={"finish_wait_seconds": 0})})


def pushed_and_halted(settings: Settings, handle: SandboxHandle) -> None:
    """Batches that run without having sent anything yet, as a halt finds them."""
    control(handle, "PUT", "/sandbox/options", {"messages_per_tick": 0})
    write(settings, "update marts.contacts set provider = 'orange' where contact_id in ('c001', 'c002', 'c003')")
    plan(settings, NIGHT, now=NIGHT)
    push(impatient(settings), adapter(settings), NIGHT, now=NIGHT)
    paused = change(settings, "halt").figures["paused"]
    assert [adapter(settings).campaign(one).status for one in paused] == ["paused"] * 2
    control(handle, "PUT", "/sandbox/options", {"messages_per_tick": 100})


def test_what_a_halt_paused_goes_on_with_the_next_push_without_the_halted_provider(
    here: Settings, handle: SandboxHandle
) -> None:
    pushed_and_halted(here, handle)
    write(here, "update raw.crm_contacts set marketing_consent = false where contact_id = 'c002'")
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert sorted(row["email"] for row in sent(handle)) == ["c001@gmail.example", "c003@gmail.example"]
    # nobody can say who of a batch was not reached: none of them is mailed this step again
    assert Counter(outcomes(here).values()) == {"unknown": CONTACTS}


def test_what_a_halt_paused_goes_to_everybody_after_a_lift(here: Settings, handle: SandboxHandle) -> None:
    pushed_and_halted(here, handle)
    change(here, "lift")
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert len(sent(handle)) == CONTACTS
    assert Counter(outcomes(here).values()) == {"sent": CONTACTS}


def test_what_a_halt_paused_for_too_long_is_cancelled(here: Settings, handle: SandboxHandle) -> None:
    pushed_and_halted(here, handle)
    later = NIGHT + timedelta(days=2)
    write(here, f"update marts.contact_status set as_of = '{later}'")
    push(here, adapter(here), later, now=later)
    assert sent(handle) == []
    assert Counter(outcomes(here).values()) == {"refused": CONTACTS}


def test_what_somebody_else_paused_stays_paused(here: Settings, handle: SandboxHandle) -> None:
    pushed_and_halted(here, handle)
    write(here, "delete from journal.batch_events where event = 'paused'")
    push(impatient(here), adapter(here), NIGHT, now=NIGHT)
    assert sent(handle) == []


def test_a_push_that_is_killed_while_it_lets_a_paused_campaign_go_on_mails_nobody_twice(
    tmp_path: Path, handle: SandboxHandle
) -> None:
    template = Template(tmp_path / "template", handle, contacts=2)
    write(template.made, "update marts.next_step set language = 'en'")  # one batch

    def paused(name: str) -> Night:
        night = template.night(tmp_path, name)
        control(handle, "PUT", "/sandbox/options", {"messages_per_tick": 0})
        push(impatient(night.settings), adapter(night.settings), NIGHT, now=NIGHT)
        change(night.settings, "halt")
        control(handle, "PUT", "/sandbox/options", {"messages_per_tick": 100})
        change(night.settings, "lift")
        return night

    whole = paused("whole")
    with side_effects() as effects:
        whole.push()
    assert whole.messages() == dict.fromkeys(whole.addresses, 1)
    assert sum(effect.startswith("PUT") for effect in effects) == 1, effects
    for number in range(1, len(effects) + 1):
        night = paused(f"k{number:02}")
        kill_after(number, night.push)
        night.push()
        assert night.messages() == dict.fromkeys(night.addresses, 1), effects[number - 1]
        assert Counter(outcomes(night.settings).values()) == {"sent": 2}, effects[number - 1]


def test_a_campaign_that_is_not_under_way_is_left_as_it_is(here: Settings) -> None:
    esp = adapter(here)
    campaign = esp.create_campaign("winback/1", esp.create_list("winback/1"), MESSAGE)
    esp.pause(campaign.id)
    assert esp.campaign(campaign.id).status == "draft"
