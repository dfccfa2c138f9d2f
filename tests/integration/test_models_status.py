"""Status, recency, mailability and due dates from raw rows through every model, in one build.

Each contact is one case; the days are counted back from the night. The line `fashion` has 270 / 730 days for
sign-up and purchase, `newsletter` 180 / 540 for sign-up, open and click beside 270 / 730 for purchase.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from raw_rows import Row, add, by_contact, contact, event, order, rows, send, settings_at, winback

from reveil import transform
from reveil.settings import Settings

AS_OF = datetime(2026, 11, 22, 3)
LONG_AGO = "2018-03-01"


def day(days_ago: int) -> date:
    return AS_OF.date() - timedelta(days=days_ago)


def bought(contact_id: str, *days_ago: int, **values: Any) -> list[Row]:
    return [order(f"{contact_id}-{ago}", contact_id, f"{day(ago)} 23:59", **values) for ago in days_ago]


def read(contact_id: str, kind: str, days_ago: int, **values: Any) -> Row:
    return event(f"{contact_id}-{kind}-{days_ago}", contact_id, kind, f"{day(days_ago)} 12:00", **values)


ORDERS = {
    "younger": bought("younger", 269),
    "exactly": bought("exactly", 270),
    "older": bought("older", 271),
    "not_lost": bought("not_lost", 729),
    "lost": bought("lost", 730),
    "long_lost": bought("long_lost", 731),
    "returning": bought("returning", 600, 300, 100),
    "unbroken": bought("unbroken", 540, 270, 10),
    "cancelled": bought("cancelled", 5, status="cancelled") + bought("cancelled", 300),
    "returned": bought("returned", 5, status="returned") + bought("returned", 300),
    "other_line": bought("other_line", 200, business_line="grocery"),
    "reader": bought("reader", 190),
    "late": bought("late", 400),
    "shared_old": bought("shared_old", 400),
    "shared_new": bought("shared_new", 300),
    "refunded": bought("refunded", 300, amount=50, currency="EUR")
    + bought("refunded", 299, amount=-20, currency="EUR", status="returned"),
}
CONTACTS = (
    *(contact(name, signed_up_at=LONG_AGO) for name in ORDERS if name not in ("late", "reader")),
    contact("reader", signed_up_at=LONG_AGO, business_line="newsletter"),
    contact("late", signed_up_at=AS_OF + timedelta(days=1)),
    contact("unborn", signed_up_at=AS_OF),
    contact("undated", first_loaded_at=datetime(2026, 1, 1)),
    contact("opener", signed_up_at=LONG_AGO, business_line="newsletter"),
    contact("machine", signed_up_at=LONG_AGO, business_line="newsletter"),
    contact("untracked", signed_up_at=LONG_AGO, business_line="newsletter", tracking_consent=False),
    contact("one_click", signed_up_at=day(300)),
    contact("mate", signed_up_at=day(300), email="one_click@gmail.example"),
    contact("asked", signed_up_at=day(300)),
    contact("opens_only", signed_up_at=day(1092), business_line="newsletter"),
    contact("held", signed_up_at=LONG_AGO, hold_until=AS_OF + timedelta(days=400), hold_reason="dispute"),
)
SHARED = {"shared_old": "shared@yahoo.example", "shared_new": "shared@yahoo.example"}
EVENTS = (
    read("reader", "opened", 100, actor="human"),
    read("opener", "opened", 179, actor="human"),
    read("machine", "opened", 1, actor="machine"),
    read("machine", "opened", 2, actor="unknown"),
    read("machine", "clicked", 3, actor="machine"),
    read("untracked", "opened", 1, actor="human"),
    read("one_click", "unsubscribed", 10),
    read("opens_only", "opened", 1, actor="human"),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_at(tmp_path_factory.mktemp("status"))
    one_address = [{**row, **_address(SHARED.get(row["contact_id"]))} for row in CONTACTS]
    add(settings, "raw.crm_contacts", *one_address)
    add(settings, "raw.crm_orders", *(row for orders in ORDERS.values() for row in orders))
    add(settings, "raw.esp_events", *EVENTS)
    add(settings, "raw.esp_sends", send("older", f"{day(3)} 10:00"), send("exactly", f"{day(7)} 10:00"))
    request = {"request_id": "1", "email": " Asked@Gmail.example", "requested_at": f"{day(2)} 10:00"}
    add(settings, "raw.crm_erasure_requests", request)
    winback(settings)
    transform.build(settings, AS_OF)
    return settings


def _address(email: str | None) -> Row:
    return {"email": email, "normalised_email": email} if email else {}


@pytest.fixture(scope="module")
def status(built: Settings) -> dict[str, Any]:
    found = rows(built, "select contact_id, contact_status from marts.contact_status")
    return dict(found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("younger", "active"),
        ("exactly", "dormant"),
        ("older", "dormant"),
        ("not_lost", "dormant"),
        ("lost", "lost"),
        ("long_lost", "lost"),
    ],
)
def test_the_status_changes_on_the_day_of_the_threshold(status: dict[str, Any], name: str, expected: str) -> None:
    assert status[name]["status"] == expected


def test_a_status_explains_itself(status: dict[str, Any]) -> None:
    assert {
        key: status["younger"][key]
        for key in ("deciding_signal", "days_since", "rule", "threshold_days", "next_status", "next_status_on")
    } == {
        "deciding_signal": "purchase",
        "days_since": 269,
        "rule": "fresh_signal",
        "threshold_days": 270,
        "next_status": "dormant",
        "next_status_on": day(-1),
    }
    assert status["younger"]["is_drifting"]
    assert (status["exactly"]["rule"], status["exactly"]["next_status_on"]) == ("silent", day(270 - 730))
    assert (status["lost"]["rule"], status["lost"]["threshold_days"]) == ("threshold", 730)
    assert (status["lost"]["next_status"], status["lost"]["next_status_on"]) == (None, None)


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("returning", day(300)),  # 600 days ago covers until 330 days ago: a gap
        ("unbroken", day(540)),  # each purchase falls on the day that the last one's cover ends
        ("exactly", day(0)),
        ("older", day(1)),
        ("lost", day(0)),
        ("long_lost", day(1)),
    ],
)
def test_a_status_lasts_since_its_unbroken_period_began(status: dict[str, Any], name: str, since: date) -> None:
    assert status[name]["status_since"] == since


@pytest.mark.parametrize("name", ["cancelled", "returned", "machine", "untracked"])
def test_what_does_not_count_does_not_keep_a_contact_active(status: dict[str, Any], name: str) -> None:
    assert status[name]["status"] != "active"


def test_an_order_of_another_line_counts_by_the_contacts_own_thresholds(status: dict[str, Any]) -> None:
    assert (status["other_line"]["status"], status["other_line"]["threshold_days"]) == ("active", 270)


def test_the_signal_that_holds_longest_decides_not_the_newest(status: dict[str, Any]) -> None:
    """The open of 100 days ago holds 80 days more, and so does the purchase of 190 days ago: the stronger is named."""
    assert (status["reader"]["deciding_signal"], status["reader"]["next_status_on"]) == ("purchase", day(-80))
    assert (status["opener"]["deciding_signal"], status["opener"]["next_status_on"]) == ("open", day(-1))


def test_of_whom_nothing_is_dated_the_first_load_stands_in(status: dict[str, Any]) -> None:
    undated = status["undated"]
    assert (undated["status"], undated["rule"]) == ("dormant", "no_signal")
    assert undated["deciding_signal_at"] == datetime(2026, 1, 1)


def test_a_sign_up_after_the_instant_is_not_seen_unless_something_before_it_is(
    built: Settings, status: dict[str, Any]
) -> None:
    assert "unborn" not in status
    assert status["late"]["status"] == "dormant"
    assert by_contact(built, "marts.contacts", "signed_up_at")["late"] is None


def test_a_one_click_unsubscribe_holds_for_the_whole_mailbox(status: dict[str, Any]) -> None:
    assert status["one_click"]["not_mailable_reason"] == "objected"
    assert status["mate"]["not_mailable_reason"] == "objected"


def test_one_contact_of_a_mailbox_is_mailed_the_most_recently_engaged(built: Settings, status: dict[str, Any]) -> None:
    assert status["shared_new"]["is_mailable"]
    assert status["shared_old"]["not_mailable_reason"] == "same_mailbox"
    mailboxes = by_contact(built, "marts.contacts", "mailbox_id")
    assert mailboxes["shared_new"] == mailboxes["shared_old"] == "mshared_new"


def test_the_next_step_is_winbacks_first_for_whom_it_may_reach(built: Settings) -> None:
    """`older` was written to three days ago, `exactly` seven; most recently engaged first."""
    steps = rows(built, "select contact_id, reason, last_message_at is null from marts.next_step order by priority")
    names = [name for name, _, _ in steps]
    assert names[0] == "exactly"
    assert "older" not in names
    assert {"one_click", "mate", "asked", "shared_old", "lost", "younger"}.isdisjoint(names)
    assert steps[0][1:] == (f"dormant since {day(0)}, not yet in winback: enters at hello", False)


def test_a_request_is_due_in_a_month_and_stops_mail_at_once(built: Settings, status: dict[str, Any]) -> None:
    due = by_contact(built, "marts.erasure_due", "reason, due_on, days_overdue")
    assert due["asked"] == ("request", date(2026, 12, 20), 0)
    assert status["asked"]["not_mailable_reason"] == "erasure_pending"


def test_an_open_keeps_a_contact_active_and_is_erased_all_the_same(built: Settings, status: dict[str, Any]) -> None:
    due = by_contact(built, "marts.erasure_due", "reason, last_contact_signal, due_on")
    assert status["opens_only"]["status"] == "active"
    assert due["opens_only"] == ("retention", "sign_up", date(2026, 11, 26))


def test_a_hold_keeps_data_that_would_be_due(built: Settings) -> None:
    due = by_contact(built, "marts.erasure_due", "due_on")
    assert "held" not in due
    assert "cancelled" not in due  # a cancelled order of five days ago came from the person
    assert "untracked" in due


def test_recency_counts_what_counts(built: Settings) -> None:
    recency = by_contact(
        built,
        "marts.contact_recency",
        "order_count, purchase_days, closed_gaps, median_gap_days, days_since_purchase, purchases_365d",
    )
    assert recency["returning"] == (3, 3, 2, 250.0, 100, 2)
    assert recency["cancelled"] == (1, 1, 0, None, 300, 1)
    assert recency["undated"] == (0, 0, 0, None, None, 0)
    assert by_contact(built, "marts.contact_recency", "spend")["refunded"] == 30
    assert by_contact(built, "marts.contact_recency", "opens_365d")["untracked"] == 0


def test_every_contact_has_one_row_in_each_mart_of_contacts(built: Settings) -> None:
    counts = [
        rows(built, f"select count(*), count(distinct contact_id) from marts.{mart}")[0]
        for mart in ("contacts", "contact_recency", "contact_status")
    ]
    assert counts == [(len(CONTACTS) - 1, len(CONTACTS) - 1)] * 3
