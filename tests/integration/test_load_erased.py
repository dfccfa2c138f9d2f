"""No way back in: whoever was erased is refused by the load, counted, and let in only where the rules say so."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from landing_files import NOW, Place

from reveil.compliance import Compliance, Suppression
from reveil.warehouse import Warehouse

ERASED_AT = datetime(2026, 6, 1)
CONTACTS = "contact_id,email,signed_up_at,updated_at\n"
ANN = "ann,ann@mail.example,2020-01-01,2026-11-01\n"
BOB = "bob,bob@mail.example,2021-01-01,\n"
ROWS = {
    "crm_orders": "order_id,contact_id,ordered_at,amount\n7,ann,2026-05-01,2\n8,bob,2026-05-01,2\n",
    "crm_logins": "contact_id,logged_in_at\nann,2026-05-01\nbob,2026-05-01\n",
    "crm_interactions": "contact_id,occurred_at,interaction\nann,2026-05-01,visit\nbob,2026-05-01,visit\n",
    "crm_preferences": "contact_id,set_at,frequency\nann,2026-05-01,weekly\nbob,2026-05-01,weekly\n",
    "esp_sends": "esp,campaign,contact_id,sent_at\nx,news,ann,2026-05-01\nx,news,bob,2026-05-01\n",
    "esp_events": (
        "esp,event_id,contact_id,event,occurred_at\nx,1,ann,clicked,2026-05-01\nx,2,bob,clicked,2026-05-01\n"
    ),
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def erased(
    place: Place,
    contact_id: str = "ann",
    address: str | None = None,
    *,
    reason: str = "retention",
    had_objected: bool = False,
    expires_on: date = date(2030, 1, 1),
) -> None:
    compliance = Compliance(place.settings)
    person = Suppression(contact_id, address, reason, had_objected)
    with compliance.write("test") as connection:
        compliance.add_suppressions(connection, "R1", [person], erased_at=ERASED_AT, expires_on=expires_on)
        connection.execute("update suppressions set state = 'final'")


def held(place: Place, table: str = "crm_contacts") -> set[str]:
    return {row[0] for row in place.rows(f"select contact_id from raw.{table}")}


@pytest.mark.parametrize("reason", ["retention", "account", "goodbye", "request"])
def test_every_row_of_an_erased_contact_is_refused_counted_and_never_named(place: Place, reason: str) -> None:
    erased(place, reason=reason)
    place.put("crm_contacts.csv", CONTACTS + ANN + BOB)
    for table, text in ROWS.items():
        place.put(f"{table}.csv", text)
    report = place.load()
    for table in ("crm_contacts", *ROWS):
        assert held(place, table) == {"bob"}, table
    for file in report.figures["files"]:
        assert (file["rows_read"], file["rows_new"], file["rows_rejected"], file["refused"]) == (2, 1, 0, {reason: 1})
    assert report.figures["not_erased_at_source"] == 1
    assert any("1 erased people still come in exports: not erased at source" in line for line in report.lines)
    assert not any("ann" in line for line in report.lines)
    counted = "select table_name, reason, rows_refused, contacts from journal.load_refusals order by table_name"
    assert place.rows(counted) == sorted((table, reason, 1, 1) for table in ("crm_contacts", *ROWS))
    assert place.rejects() == []
    assert "'ann" not in str(place.contents)


def test_another_id_with_the_erased_address_is_refused_whatever_its_spelling(place: Place) -> None:
    erased(place, "gone", "ann@mail.example")
    place.put("crm_contacts.csv", CONTACTS + "new, Ann@Mail.Example ,2020-01-01,\n" + BOB)
    place.put("crm_orders.csv", "order_id,contact_id,ordered_at,amount\n7,new,2026-05-01,2\n")
    place.load()
    assert held(place) == {"bob"}
    assert held(place, "crm_orders") == set()


def test_a_contact_who_was_never_erased_keeps_sharing_an_erased_mailbox(place: Place) -> None:
    place.put("crm_contacts/1.csv", CONTACTS + ANN)
    place.load()
    erased(place, "gone", "ann@mail.example")
    place.put("crm_contacts/2.csv", CONTACTS + ANN.replace("2026-11-01", "2026-11-02") + BOB)
    report = place.load()
    assert held(place) == {"ann", "bob"}
    assert report.figures["rows_changed"] == 1


@pytest.mark.parametrize("sign", ["sign-up", "order", "login"])
@pytest.mark.parametrize("reason", ["retention", "account", "goodbye"])
def test_who_comes_back_after_an_erasure_for_inactivity_is_let_in_with_what_is_newer(
    place: Place, sign: str, reason: str
) -> None:
    erased(place, reason=reason)
    later = "2026-06-01 00:00:01"
    contact = ANN.replace("2020-01-01", later) if sign == "sign-up" else ANN
    place.put("crm_contacts.csv", CONTACTS + contact)
    orders, logins = ROWS["crm_orders"], ROWS["crm_logins"]
    place.put("crm_orders.csv", orders + (f"9,ann,{later},2\n" if sign == "order" else ""))
    place.put("crm_logins.csv", logins + (f"ann,{later}\n" if sign == "login" else ""))
    report = place.load()
    assert "ann" in held(place)
    assert report.figures["readmitted"] == 1
    assert report.figures["not_erased_at_source"] == 0
    newer = [("9",)] if sign == "order" else []
    assert place.rows("select order_id from raw.crm_orders where contact_id = 'ann'") == newer
    assert ("ann" in held(place, "crm_logins")) == (sign == "login")

    place.put("crm_logins/again.csv", logins + "bob,2026-05-02\n")
    report = place.load()
    assert report.figures["readmitted"] == 0
    assert ("ann" in held(place, "crm_logins")) == (sign == "login")


@pytest.mark.parametrize("sign", ["2026-06-01", "2026-05-31"])
def test_who_shows_no_sign_after_the_erasure_stays_out(place: Place, sign: str) -> None:
    erased(place)
    place.put("crm_contacts.csv", CONTACTS + ANN.replace("2020-01-01", sign) + BOB)
    place.load()
    assert held(place) == {"bob"}


def test_an_erasure_on_request_holds_even_for_who_signs_up_again(place: Place) -> None:
    erased(place, reason="request")
    place.put("crm_contacts.csv", CONTACTS + ANN.replace("2020-01-01", "2026-10-01") + BOB)
    place.load()
    assert held(place) == {"bob"}


@pytest.mark.parametrize("had_objected", [False, True])
def test_an_objection_stays_an_objection_of_who_comes_back(place: Place, had_objected: bool) -> None:
    erased(place, had_objected=had_objected)
    place.put("crm_contacts.csv", CONTACTS + ANN.replace("2020-01-01", "2026-10-01"))
    place.load()
    events = "select contact_id, event, occurred_at from raw.esp_events"
    assert place.rows(events) == ([("ann", "unsubscribed", ERASED_AT)] if had_objected else [])


def test_an_order_in_the_archive_comes_back_under_no_name(place: Place) -> None:
    with Warehouse(place.settings).write("test") as connection:
        connection.execute(
            "insert into archive.orders values ('7', 's', '2020-01-01', 2, 'EUR', 'paid', 'shop', 2020, '2031-01-01')"
        )
    place.put("crm_contacts.csv", CONTACTS + ANN + BOB)
    place.put("crm_orders.csv", ROWS["crm_orders"])
    report = place.load()
    assert place.rows("select order_id from raw.crm_orders") == [("8",)]
    orders = next(file for file in report.figures["files"] if file["table"] == "crm_orders")
    assert orders["refused"] == {"archived": 1}
    assert report.figures["not_erased_at_source"] == 0


def test_an_entry_that_has_ended_is_deleted_and_keeps_nobody_out(place: Place) -> None:
    erased(place, expires_on=NOW.date() + timedelta(days=1))
    place.put("crm_contacts.csv", CONTACTS + ANN + BOB)
    place.load()
    assert held(place) == {"bob"}
    tomorrow = NOW + timedelta(days=1)
    place.put("crm_contacts.csv", CONTACTS + BOB + ANN)
    place.load(as_of=tomorrow, now=tomorrow)
    assert held(place) == {"ann", "bob"}
    with Compliance(place.settings).read("test") as connection:
        assert connection.execute("select count(*) from suppressions").fetchall() == [(0,)]


def test_a_check_tells_the_same_and_writes_nothing(place: Place) -> None:
    erased(place)
    erased_file = place.settings.compliance.read_bytes()
    place.put("crm_contacts.csv", CONTACTS + ANN + BOB)
    report = place.load(check=True)
    assert report.figures["not_erased_at_source"] == 1
    assert not place.settings.warehouse.exists()
    assert place.settings.compliance.read_bytes() == erased_file


def test_entries_of_an_older_key_keep_people_out(place: Place) -> None:
    erased(place)
    Compliance(place.settings).rotate()
    erased(place, "bob")
    place.put("crm_contacts.csv", CONTACTS + ANN + BOB + "eve,eve@mail.example,,\n")
    place.load()
    assert held(place) == {"eve"}


def test_a_snapshot_with_erased_people_removes_who_is_no_longer_in_it(tmp_path: Path) -> None:
    place = Place(tmp_path, "tables:\n  crm_contacts: {mode: full}\n")
    place.put("crm_contacts.csv", CONTACTS + BOB + "eve,eve@mail.example,,\n")
    place.load()
    erased(place)
    place.put("crm_contacts.csv", CONTACTS + BOB + ANN)
    report = place.load()
    assert held(place) == {"bob"}
    assert report.figures["rows_removed"] == 1
