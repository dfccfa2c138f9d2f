"""`reveil explain` tells in sentences, with dates, why a contact is where it is; and `reveil status` what leaked."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from commands import Desk, figures
from raw_rows import add, contact, event, order, send, settings_at, winback

from reveil import transform
from reveil.errors import BadInput
from reveil.explain import explain
from reveil.publish import publish
from reveil.settings import Settings
from reveil.status import status
from reveil.warehouse import connect

AS_OF = datetime(2026, 11, 22, 3)


def day(days_ago: int) -> date:
    return AS_OF.date() - timedelta(days=days_ago)


def bought(contact_id: str, days_ago: int) -> dict[str, Any]:
    return order(f"o-{contact_id}", contact_id, f"{day(days_ago)} 12:00")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("explain"))


@pytest.fixture(scope="module")
def here(desk: Desk) -> Settings:
    settings = settings_at(desk.data)
    add(
        settings,
        "raw.crm_contacts",
        contact("drifting", signed_up_at="2018-03-01"),
        contact("dormant", signed_up_at="2018-03-01", first_name="Zoe"),
        contact("lost", signed_up_at="2018-03-01"),
        contact("asked", signed_up_at="2018-03-01"),
        contact("objected", signed_up_at="2018-03-01"),
        contact("held", signed_up_at="2018-03-01", hold_until=AS_OF + timedelta(days=400)),
        contact("undated"),
        contact("reader", signed_up_at="2018-03-01", business_line="newsletter"),
    )
    orders = {"drifting": 220, "dormant": 300, "lost": 900, "asked": 10, "objected": 10}
    add(settings, "raw.crm_orders", *(bought(name, days_ago) for name, days_ago in orders.items()))
    add(
        settings,
        "raw.esp_events",
        event("e1", "objected", "unsubscribed", f"{day(3)} 10:00"),
        event("e2", "reader", "opened", f"{day(1)} 10:00", actor="human"),
    )
    request = {"request_id": "r", "contact_id": "asked", "requested_at": f"{day(2)} 10:00"}
    add(settings, "raw.crm_erasure_requests", request)
    add(settings, "raw.esp_sends", send("dormant", f"{day(20)} 09:00"), send("drifting", f"{day(20)} 09:00"))
    winback(settings)
    transform.build(settings, AS_OF)
    publish(settings)
    return settings


def told(settings: Settings, contact_id: str) -> dict[str, str]:
    """The sentences by the word that they begin with."""
    return dict(line.split(": ", 1) for line in explain(settings, contact_id).lines[1:])


def test_an_active_contact_learns_its_signal_its_threshold_and_its_next_date(here: Settings) -> None:
    lines = explain(here, "drifting").lines
    assert lines[0] == "contact drifting, business line fashion, as of 2026-11-22 03:00 UTC"
    sentences = told(here, "drifting")
    assert sentences["status"] == (
        f"active since {day(220)}: the last purchase, on {day(220)}, is 220 days old, younger than the 270 days "
        "that it counts"
    )
    assert sentences["next"] == (
        f"dormant on {day(-50)} if nothing happens; the contact is drifting: now is the time to act"
    )
    assert sentences["what would change it"] == (
        "a purchase (270 days) would keep the contact active for so long from that day"
    )
    assert sentences["e-mail"] == "may be written to, and gets regular messages: weekly"


def test_a_dormant_contact_learns_what_the_campaign_does_tonight(here: Settings) -> None:
    sentences = told(here, "dormant")
    assert sentences["status"].startswith(f"dormant since {day(30)}: every signal that counts is too old")
    assert "purchase" in sentences["what would change it"]
    assert "make the contact active again" in sentences["what would change it"]
    assert sentences["e-mail"] == "may be written to, but gets no regular messages while not active"
    assert sentences["campaign"].startswith("winback, step hello, sends miss_you tonight: dormant since")


def test_a_lost_contact_stays_so_and_learns_when_its_data_goes(here: Settings) -> None:
    sentences = told(here, "lost")
    assert sentences["next"] == "stays so until something new is heard"
    assert sentences["campaign"] == "nothing is due from a campaign tonight"
    last = day(900)
    assert sentences["erasure"] == (
        f"the data must be gone by {last.replace(year=last.year + 3)}: the last thing that came from the person is the "
        f"order (whatever became of it) of {last}, and it may be kept for 36 months; an open does not count"
    )


def test_a_request_is_due_within_a_month_whatever_the_clock_says(here: Settings) -> None:
    sentences = told(here, "asked")
    assert sentences["erasure"].startswith(
        "the data must be gone by 2026-12-20, since the person asked for it; the last"
    )
    assert sentences["e-mail"] == "may not be written to: the person asked for erasure"


def test_a_hold_is_named(here: Settings) -> None:
    assert f"held until {day(-400)}" in told(here, "held")["erasure"]


def test_who_objected_learns_that_this_is_the_reason(here: Settings) -> None:
    assert told(here, "objected")["e-mail"] == "may not be written to: somebody of this mailbox unsubscribed"


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("goodbye", "since the goodbye got no answer; the last thing that came from the person is"),
        ("account", ", an account may be kept for 24 months, and the goodbye got no answer"),
    ],
)
def test_who_let_the_goodbye_end_in_silence_learns_so(here: Settings, tmp_path: Path, reason: str, why: str) -> None:
    settings = settings_at(tmp_path)
    shutil.copy(here.published, settings.published)
    with connect(settings.published) as connection:
        connection.execute("update marts.retention_clock set account_months = 24 where contact_id = 'lost'")
        connection.execute(
            "insert into marts.erasure_due select contact_id, as_of, ?, last_contact_at, last_contact_signal, ?, 0"
            " from marts.retention_clock where contact_id = 'lost'",
            [reason, day(-3)],
        )
    sentence = told(settings, "lost")["erasure"]
    assert sentence.startswith(f"the data must be gone by {day(-3)}")
    assert why in sentence


def test_of_whom_nothing_is_dated_the_first_load_is_named(here: Settings) -> None:
    sentences = told(here, "undated")
    assert "nothing dated is known of the contact" in sentences["status"]
    assert "first appearance in an export of 2026-01-01" in sentences["erasure"]


def test_every_signal_that_counts_for_the_line_would_change_it(here: Settings) -> None:
    changes = told(here, "reader")["what would change it"]
    assert "a click (180 days) or an open (180 days) or a purchase (270 days)" in changes


def test_the_command_prints_the_same_and_one_json_object(here: Settings, desk: Desk) -> None:
    assert desk.run("explain", "dormant").stdout.splitlines() == list(explain(here, "dormant").lines)
    facts = figures(desk.run("explain", "dormant", "--json"))
    assert facts["status"] == "dormant"
    assert facts["next_status_on"] == day(300 - 730).isoformat()
    assert facts["dormant_after_days"] == {"purchase": 270, "sign_up": 270}


def test_an_unknown_contact_is_bad_input(here: Settings, desk: Desk) -> None:
    done = desk.run("explain", "nobody@shop.example")
    assert done.returncode == 2
    assert "no contact of that id" in done.stderr
    assert "nobody" not in done.stderr


def test_before_anything_was_published_there_is_nothing_to_explain(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(BadInput, match="nothing published yet"):
        explain(settings_at(tmp_path_factory.mktemp("empty")), "dormant")


def test_nothing_personal_is_told(here: Settings) -> None:
    report = explain(here, "dormant")
    text = "\n".join(report.lines) + json.dumps(report.figures)
    assert "Zoe" not in text
    assert "@" not in text


def test_status_counts_regular_messages_to_contacts_who_were_not_active(here: Settings) -> None:
    report = status(here)
    assert report.figures["regular_leaks"] == {"messages": 1, "contacts": 1}
    assert any("1 regular messages went to 1 contacts who were dormant or lost" in line for line in report.lines)
