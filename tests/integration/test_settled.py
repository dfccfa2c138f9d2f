"""What is settled stays as it is from night to night, and only for as long as it is what the raw rows come to."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from raw_rows import add, by_contact, contact, event, order, rows, settings_at

from reveil import transform
from reveil.load import honour_tracking_consent
from reveil.settings import PROJECT, Settings
from reveil.settled import NOTHING, take_out, window
from reveil.warehouse import Warehouse, connect

NIGHT = datetime(2026, 11, 22, 3)
UNTIL = date(2025, 11, 1)
MODELS = ("contact_recency", "contact_status", "contact_status_history")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = _company(settings_at(tmp_path_factory.mktemp("settled")))
    build(settings)
    return settings


@pytest.fixture
def settings(tmp_path: Path, built: Settings) -> Settings:
    """A reader since 2023 with an open, a click and a purchase long ago and an open of last month; built once."""
    shutil.copytree(built.data, tmp_path / "data")
    return settings_at(tmp_path / "data")


def _company(settings: Settings) -> Settings:
    reader = contact("reader", business_line="newsletter", signed_up_at="2023-01-01")
    add(settings, "raw.crm_contacts", reader, contact("other", signed_up_at="2023-02-01"))
    add(settings, "raw.crm_orders", order("o1", "reader", "2023-06-01 12:00"))
    add(
        settings,
        "raw.esp_events",
        event("e1", "reader", "opened", "2023-05-01 12:00", actor="human"),
        event("e2", "reader", "clicked", "2024-05-01 12:00", actor="human"),
        event("e3", "reader", "opened", "2026-10-01 12:00", actor="human"),
        event("e5", "other", "delivered", "2024-05-01 12:00"),
        event("e4", "reader", "unsubscribed", "2024-06-01 12:00"),
    )
    return settings


def build(settings: Settings, night: datetime = NIGHT, **options: Any) -> None:
    transform.build_only(settings, night, MODELS, **options)


def change(settings: Settings, statement: str) -> None:
    with Warehouse(settings).write("test") as connection:
        connection.execute(statement)


def read_from(settings: Settings, night: datetime = NIGHT) -> date:
    """The day from which the next build reads events."""
    with connect(settings.warehouse) as connection:
        return window(settings, connection, night).events_from


def all_marts(settings: Settings) -> list[list[tuple[Any, ...]]]:
    return [rows(settings, f"select * from marts.{name} order by all") for name in MODELS]


def test_a_night_reads_events_from_the_month_that_began_a_year_ago(settings: Settings) -> None:
    assert read_from(settings) == UNTIL


def test_when_a_month_closes_it_alone_is_settled(settings: Settings) -> None:
    assert read_from(settings, datetime(2026, 12, 3)) == UNTIL
    add(settings, "raw.esp_events", event("e9", "reader", "clicked", "2025-11-15 12:00", actor="human"))
    build(settings, datetime(2026, 12, 3))
    assert read_from(settings, datetime(2026, 12, 3)) == date(2025, 12, 1)
    clicked = "select last_at from intermediate.int_settled_events where signal = 'click' order by 1"
    assert rows(settings, clicked) == [(datetime(2024, 5, 1, 12),), (datetime(2025, 11, 15, 12),)]


def test_an_earlier_night_settles_everything_anew(settings: Settings) -> None:
    assert read_from(settings, datetime(2026, 1, 1)) == NOTHING


CHANGES = {
    "a late event": "insert into raw.esp_events by name select 'e' as esp, 'late' as event_id, 'other' as contact_id, "
    "'delivered' as event, timestamp '2024-01-01' as occurred_at, 9 as load_id",
    "a late send": "insert into raw.esp_sends by name select 'e' as esp, 'other' as contact_id, 'c' as campaign, "
    "timestamp '2024-01-01' as sent_at, 9 as load_id",
    "a deleted event": "delete from raw.esp_events where event_id = 'e2'",
    "an event that went and one that came": "update raw.esp_events set occurred_at = '2024-05-02' "
    "where event_id = 'e2'",
    "a corrected event": "update raw.esp_events set actor = 'machine', load_id = 9 where event_id = 'e2'",
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_in_the_settled_part_settles_it_anew(settings: Settings, name: str) -> None:
    change(settings, CHANGES[name])
    assert read_from(settings) == NOTHING
    build(settings)
    assert read_from(settings) == UNTIL
    found = all_marts(settings)
    build(settings, full_refresh=True)
    assert all_marts(settings) == found


def test_recent_events_leave_the_settled_part_alone(settings: Settings) -> None:
    add(settings, "raw.esp_events", event("e9", "other", "clicked", "2025-11-01 00:00", actor="human"))
    assert read_from(settings) == UNTIL


def withdraw(settings: Settings, last_load: int | None = None) -> int:
    """The reader withdraws tracking consent; how many opens a load then purges."""
    with Warehouse(settings).write("test") as connection:
        connection.begin()
        connection.execute("update raw.crm_contacts set tracking_consent = false where contact_id = 'reader'")
        purged = honour_tracking_consent(connection, last_load)
        connection.commit()
    return purged


def test_withdrawn_consent_removes_settled_opens_and_needs_no_new_settling(settings: Settings) -> None:
    assert withdraw(settings) == 2
    assert read_from(settings) == UNTIL
    build(settings)
    kept = rows(settings, "select signal from intermediate.int_settled_events where contact_id = 'reader' order by 1")
    assert kept == [("click",), ("unsubscribed",)]
    assert by_contact(settings, "marts.contact_recency", "last_open_at")["reader"] is None


def test_opens_that_a_load_brings_and_purges_need_no_new_settling(settings: Settings) -> None:
    """A source that exports all its history each night, opens without consent included."""
    withdraw(settings)
    late = event("e8", "reader", "opened", "2023-05-02 12:00", actor="human")
    add(settings, "raw.esp_events", {**late, "load_id": 8})
    assert withdraw(settings, last_load=7) == 1
    assert read_from(settings) == UNTIL


def test_consent_withdrawn_and_given_again_between_two_builds_leaves_no_opens(settings: Settings) -> None:
    withdraw(settings)
    change(settings, "update raw.crm_contacts set tracking_consent = true where contact_id = 'reader'")
    assert read_from(settings) == UNTIL
    build(settings)
    assert by_contact(settings, "marts.contact_recency", "last_open_at")["reader"] is None


def test_opens_deleted_by_hand_settle_everything_anew(settings: Settings) -> None:
    change(settings, "delete from raw.esp_events where event = 'opened' and contact_id = 'reader'")
    assert read_from(settings) == NOTHING
    build(settings)
    assert by_contact(settings, "marts.contact_recency", "last_open_at")["reader"] is None


def test_contacts_taken_out_as_an_erasure_does_need_no_new_settling(settings: Settings) -> None:
    with Warehouse(settings).write("test") as connection:
        take_out(connection, "contact_id = 'reader'")
        for table in ("raw.crm_contacts", "raw.crm_orders", "raw.esp_events", "intermediate.int_settled_events"):
            connection.execute(f"delete from {table} where contact_id = 'reader'")
    assert read_from(settings) == UNTIL
    build(settings)
    assert by_contact(settings, "marts.contact_status", "status").keys() == {"other"}
    held = "select count(*) from intermediate.int_settled_periods where contact_id = 'reader'"
    assert rows(settings, held) == [(0,)]


def test_a_settled_refusal_still_holds(settings: Settings) -> None:
    assert by_contact(settings, "marts.contact_status", "not_mailable_reason")["reader"] == "objected"


def test_periods_are_kept_while_what_they_are_made_of_is_the_same(settings: Settings) -> None:
    """A mark in the kept rows survives a plain night, and not a change of the contact's line, orders or sign-up."""
    mark = "update intermediate.int_settled_periods set starts_on = '2001-01-01' where contact_id = 'reader'"
    since = "select min(starts_on) from intermediate.int_settled_periods where contact_id = 'reader'"
    change(settings, mark)
    build(settings)
    assert rows(settings, since) == [(date(2001, 1, 1),)]
    for changed in (
        "update raw.crm_contacts set business_line = 'fashion' where contact_id = 'reader'",
        "update raw.crm_contacts set signed_up_at = '2023-01-02' where contact_id = 'reader'",
        "update raw.crm_orders set status = 'cancelled' where contact_id = 'reader'",
    ):
        change(settings, mark)
        change(settings, changed)
        build(settings)
        assert rows(settings, since)[0][0] >= date(2023, 1, 1), changed


def test_a_return_whose_purchase_is_cancelled_later_never_was(settings: Settings) -> None:
    before = all_marts(settings)
    add(settings, "raw.crm_orders", order("o2", "other", "2026-11-10 12:00"))
    build(settings)
    status = "select status, status_since from marts.contact_status where contact_id = 'other'"
    assert rows(settings, status) == [("active", date(2026, 11, 10))]
    change(settings, "update raw.crm_orders set status = 'cancelled' where order_id = 'o2'")
    build(settings)
    assert all_marts(settings) == before
    assert rows(settings, status) == [("lost", date(2025, 1, 31))]


def test_another_threshold_settles_everything_anew(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "dbt_project", project / "dbt_project")
    settings = _company(Settings(project=project, data=tmp_path / "data"))
    build(settings)
    assert read_from(settings) == UNTIL
    seed = project / "dbt_project" / "seeds" / "status_thresholds.csv"
    seed.write_text(seed.read_text().replace("newsletter,*,click,180,540", "newsletter,*,click,90,200"))
    assert read_from(settings) == NOTHING
    build(settings)
    found = all_marts(settings)
    build(settings, full_refresh=True)
    assert all_marts(settings) == found
    statuses = (
        "select valid_to from marts.contact_status_history where contact_id = 'reader' and valid_from = '2024-05-01'"
    )
    assert rows(settings, statuses) == [(date(2024, 7, 30),)]
