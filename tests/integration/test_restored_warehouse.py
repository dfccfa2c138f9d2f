"""A warehouse put back from an old copy holds erased people again: nothing is sent before they are marked."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from landing_files import NOW, Place

from reveil import permission
from reveil.cli import main
from reveil.compliance import Compliance, Suppression
from reveil.errors import Refused
from reveil.push import plan
from reveil.push.regular import sync_regular
from reveil.warehouse import Warehouse

ERASED_AT = datetime(2026, 11, 18)
CONTACTS = "contact_id,email,signed_up_at\nada,ada@mail.example,2020-01-01\nbob,bob@mail.example,2020-01-01\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A warehouse copied before ada was erased, and put back afterwards."""
    place = Place(tmp_path)
    place.put("crm_contacts.csv", CONTACTS)
    place.load()
    copy = tmp_path / "copy.duckdb"
    shutil.copy(place.settings.warehouse, copy)
    with Warehouse(place.settings).write("erasure") as connection:
        connection.execute("delete from raw.crm_contacts where contact_id = 'ada'")
    entry(place, "final")
    require(place)
    shutil.copy(copy, place.settings.warehouse)
    monkeypatch.setenv("REVEIL_DATA", str(place.settings.data))
    return place


def entry(place: Place, state: str, reason: str = "retention") -> None:
    compliance = Compliance(place.settings)
    people = [Suppression("ada", "ada@mail.example", reason, had_objected=True)]
    with compliance.write("test") as connection:
        connection.execute("delete from suppressions")
        compliance.add_suppressions(connection, "R1", people, erased_at=ERASED_AT, expires_on=date(2036, 1, 1))
        connection.execute("update suppressions set state = ?", [state])


def require(place: Place) -> None:
    with Warehouse(place.settings).read("test") as connection:
        permission.require_no_erased_back(place.settings, connection, NOW)


def test_nothing_is_sent_until_the_replay_marks_them_and_then_everything_is(place: Place) -> None:
    with pytest.raises(Refused, match=r"1 people who were erased are in the warehouse again.*`reveil erase replay`"):
        require(place)
    done = CliRunner().invoke(main, ["erase", "replay"])
    assert (done.exit_code, done.stdout[:29]) == (0, "1 people who were erased befo")
    requests = "select contact_id, requested_at, channel from raw.crm_erasure_requests"
    assert place.rows(requests) == [("ada", ERASED_AT, "replay")]
    require(place)
    assert CliRunner().invoke(main, ["erase", "replay"]).stdout.startswith("0 people")
    assert place.rows(requests) == [("ada", ERASED_AT, "replay")]


def test_plan_and_lists_of_regular_messages_refuse(place: Place) -> None:
    with Warehouse(place.settings).write("test") as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.contact_status as select $night::timestamp as as_of", {"night": NOW})
    with pytest.raises(Refused, match="erase replay"):
        plan(place.settings, NOW, now=NOW)

    class Provider:
        name = "listmonk"

    with pytest.raises(Refused, match="erase replay"):
        sync_regular(place.settings, Provider(), NOW, now=NOW)  # type: ignore[arg-type]


def test_an_erasure_that_is_not_finished_stops_nothing(place: Place) -> None:
    entry(place, "pending")
    require(place)


def test_who_came_back_by_themselves_stays_with_their_objection(place: Place) -> None:
    with Warehouse(place.settings).write("test") as connection:
        later = ERASED_AT + timedelta(hours=1)
        connection.execute("update raw.crm_contacts set signed_up_at = ? where contact_id = 'ada'", [later])
    done = CliRunner().invoke(main, ["erase", "replay"])
    assert "1 people erased for inactivity have come back" in done.stdout
    assert place.rows("select contact_id, event from raw.esp_events") == [("ada", "unsubscribed")]
    assert place.rows("from raw.crm_erasure_requests") == []
    require(place)


def test_who_asked_to_be_erased_is_marked_even_after_a_sign_up(place: Place) -> None:
    entry(place, "final", "request")
    with Warehouse(place.settings).write("test") as connection:
        connection.execute("update raw.crm_contacts set signed_up_at = $at", {"at": ERASED_AT + timedelta(hours=1)})
    assert "1 people who were erased before are marked" in CliRunner().invoke(main, ["erase", "replay"]).stdout
