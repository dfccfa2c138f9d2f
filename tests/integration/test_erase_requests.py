"""Requests by hand, the look-up and the key's rotation, through the command line."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from landing_files import NOW, Place

from reveil.cli import main
from reveil.compliance import Compliance, Suppression

CONTACTS = "contact_id,email\nada,ada@mail.example\njürg,jürg@bücher.example\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    place.put("crm_contacts.csv", CONTACTS)
    place.load()
    monkeypatch.setenv("REVEIL_DATA", str(place.settings.data))
    return place


def run(*arguments: str, stdin: str = "") -> tuple[int, dict[str, Any], str]:
    done = CliRunner().invoke(main, ["erase", *arguments, "--json"], input=stdin)
    return done.exit_code, json.loads(done.stdout), done.output


def requests(place: Place) -> list[tuple[Any, ...]]:
    return place.rows("select contact_id, email, requested_at, channel from raw.crm_erasure_requests order by all")


def erased(place: Place, contact_id: str, address: str) -> None:
    compliance = Compliance(place.settings)
    people = [Suppression(contact_id, address, "request")]
    with compliance.write("test") as connection:
        compliance.add_suppressions(
            connection, "R1", people, erased_at=datetime(2026, 6, 1), expires_on=date(2036, 6, 1)
        )
        connection.execute("update suppressions set state = 'final'")


def test_known_and_unknown_people_are_answered_alike_and_noted_once(place: Place) -> None:
    known = run("request", "ada", "--requested-at", "2026-11-01")
    assert known == run("request", "nobody", "--requested-at", "2026-11-01")
    assert known[:2] == (0, {"verb": "erase request", "noted": 1, "due_on": "2026-12-01"})
    run("request", "ada", "--requested-at", "2026-11-10")
    first = datetime(2026, 11, 1)
    assert requests(place) == [("ada", None, first, "command line"), ("nobody", None, first, "command line")]


def test_addresses_are_read_from_stdin_noted_as_contacts_bear_them_and_not_shown(place: Place) -> None:
    code, told, output = run(
        "request", "--requested-at", "2026-11-01", stdin=" Ada@Mail.example\n\nJÜRG@bücher.example\n"
    )
    assert (code, told["noted"]) == (0, 2)
    assert "ada" not in output.lower()
    held = {address for (address,) in place.rows("select normalised_email from raw.crm_contacts")}
    assert {row[1] for row in requests(place)} == held


@pytest.mark.parametrize(("stdin", "why"), [("", "nobody named"), ("ada@mail.example\nsecret\n", "line 2 of the")])
def test_bad_input_is_told_by_its_line_and_nothing_is_noted(place: Place, stdin: str, why: str) -> None:
    code, told, output = run("request", stdin=stdin)
    assert code == 2
    assert why in told["error"]
    assert "secret" not in output
    assert requests(place) == []


def test_a_full_export_of_requests_takes_away_none_that_was_noted_here(place: Place) -> None:
    place.map("tables:\n  crm_erasure_requests: {mode: full}\n")
    place.put("crm_erasure_requests/1.csv", "request_id,email,requested_at\n1,JÜRG@Bücher.example,2026-11-02\n")
    place.load()
    run("request", "ada", "--requested-at", "2026-11-01")
    assert {row[1] for row in requests(place)} == {None, "jürg@xn--bcher-kva.example"}
    place.put("crm_erasure_requests/2.csv", "request_id,email,requested_at\n2,x@mail.example,2026-11-03\n")
    place.load()
    assert {row[0] or row[1] for row in requests(place)} == {"ada", "x@mail.example"}


def test_a_request_that_names_nobody_is_forgotten_after_its_month(place: Place) -> None:
    run("request", "ada", "--requested-at", "2026-11-01")
    run("request", "nobody", "--requested-at", "2026-11-01")
    run("request", "--requested-at", "2026-11-01", stdin="nobody@mail.example\n")
    for days, left in [(10, 3), (11, 1)]:
        night = NOW + timedelta(days=days)
        place.put(f"crm_logins/{days}.csv", f"contact_id,logged_in_at\nada,2026-11-{days}\n")
        place.load(as_of=night, now=night)
        assert len(requests(place)) == left
    assert requests(place)[0][0] == "ada"


def test_a_request_about_somebody_erased_already_is_not_kept(place: Place) -> None:
    erased(place, "eve", "eve@mail.example")
    erased(place, "gone", "ada@mail.example")
    text = "request_id,contact_id,email,requested_at\n1,eve,,2026-11-02\n2,,Eve@mail.example,2026-11-02\n"
    place.put("crm_erasure_requests.csv", text + "3,,ada@mail.example,2026-11-02\n")
    report = place.load()
    assert {row[1] for row in requests(place)} == {"ada@mail.example"}
    assert report.figures["rows_refused"] == 2


def test_lookup_answers_for_one_person_with_every_key_and_keeps_nothing(place: Place) -> None:
    erased(place, "eve", "eve@mail.example")
    assert run("rotate-key")[:2] == (0, {"verb": "erase rotate-key", "key_id": "0002"})
    before = {
        file: file.read_bytes() for file in place.settings.data.rglob("*") if file.is_file() and file.suffix != ".lock"
    }
    code, told, output = run("lookup", stdin="EVE@mail.example\neve\nada@mail.example\n")
    entry = {
        "erased_at": "2026-06-01T00:00:00",
        "reason": "request",
        "run_id": "R1",
        "state": "final",
        "expires_on": "2036-06-01",
    }
    assert code == 0
    assert [subject["erased"] for subject in told["subjects"]] == [[entry], [entry], []]
    assert "eve" not in output.lower()
    assert "@" not in output
    assert before == {file: file.read_bytes() for file in before}
    plain = CliRunner().invoke(main, ["erase", "lookup"], input="eve@mail.example\nx@mail.example\n")
    assert plain.stdout.splitlines() == [
        "1: erased 2026-06-01 on request, run R1; kept out until 2036-06-01",
        "2: not known as erased",
    ]


def test_the_group_still_lists_who_is_due(place: Place) -> None:
    done = CliRunner().invoke(main, ["erase", "--as-of", "2026-11-20"])
    assert done.exit_code == 2
    assert "no marts yet" in done.stderr
    assert CliRunner().invoke(main, ["erase"]).exit_code == 2
