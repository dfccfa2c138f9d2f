"""A bad row is set aside with its true line and a reason; the rest is kept, and no cell is quoted."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_files import CONTACTS, Place

import reveil.load.text_file
from reveil.errors import BadInput
from reveil.load.landing import LandingFile
from reveil.load.read import read_file
from reveil.load.sources import Source
from reveil.warehouse import sql

ORDERS = "order_id,contact_id,ordered_at,amount,status,updated_at\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.put("crm_contacts.csv", CONTACTS)
    return place


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("7,,2026-11-01,2,paid,", "contact_id", "missing_required"),
        ("7,1,,2,paid,", "ordered_at", "missing_required"),
        ("7,1,NULL,2,paid,", "ordered_at", "missing_required"),
        ("7,1,secret,2,paid,", "ordered_at", "bad_timestamp"),
        ("7,1,2026-02-30,2,paid,", "ordered_at", "bad_timestamp"),
        ("7,1,0001-01-01,2,paid,", "ordered_at", "bad_timestamp"),
        ("7,1,infinity,2,paid,", "ordered_at", "bad_timestamp"),
        ("7,1,2026-11-01,secret,paid,", "amount", "bad_number"),
        ("7,1,2026-11-01,nan,paid,", "amount", "bad_number"),
        ("7,1,2026-11-01,1_000,paid,", "amount", "bad_number"),
        ("7,1,2026-11-01,99999999999999999999,paid,", "amount", "bad_number"),
        ("7,1,2026-11-01,2,secret,", "status", "value_not_allowed"),
        ("7,1,2026-11-01,2,paid,2026-11-22", "updated_at", "future_date"),
        ("7,1,2026-11-21 03:00:01,2,paid,", "ordered_at", "future_date"),
        ("7,1,2026-11-01", None, "malformed_row"),
        ("7,1,2026-11-01,2,paid,,secret", None, "malformed_row"),
        ('7,"1" secret,2026-11-01,2,paid,', None, "malformed_row"),
    ],
)
def test_a_bad_row_is_set_aside_with_line_column_and_reason(
    place: Place, row: str, column: str | None, reason: str
) -> None:
    place.put("crm_orders.csv", f"{ORDERS}1,1,2026-11-01,2,paid,\n{row}\n2,1,2026-11-21 02:00,2,,2026-11-21\n")
    report = place.load()
    assert place.rejects() == [("crm_orders.csv", 3, column, reason)]
    assert place.rows("select order_id from raw.crm_orders order by 1") == [("1",), ("2",)]
    told = next(file for file in report.figures["files"] if file["table"] == "crm_orders")
    assert (told["rows_read"], told["rows_new"], told["rejected"]) == (3, 2, {reason: 1})
    assert any(f"{reason}: 1, the first on line 3" in line for line in report.lines)
    assert not any("secret" in line for line in report.lines)


@pytest.mark.parametrize("control", ["\n", "\r\n", "\t", "\x00", "\x7f", "\u2028", "\u0085"])
def test_an_address_with_a_line_break_is_a_mail_header_and_set_aside(tmp_path: Path, control: str) -> None:
    place = Place(tmp_path)
    address = f"ada@mail.example{control}Bcc: all@mail.example"
    place.put("crm_contacts.csv", f'contact_id,email\n1,"{address}"\n2,bob@mail.example\n')
    place.put("crm_erasure_requests.csv", f'request_id,email,requested_at\n1,"{address}",2026-11-01\n')
    report = place.load()
    assert place.rejects() == [
        ("crm_contacts.csv", 2, "email", "address_line_break"),
        ("crm_erasure_requests.csv", 2, "email", "address_line_break"),
    ]
    assert place.rows("select contact_id from raw.crm_contacts") == [("2",)]
    assert not any("Bcc" in line for line in report.lines)


def test_flags_rates_and_preferences_that_cannot_be_read(place: Place) -> None:
    place.put("crm_contacts/2.csv", "contact_id,email,tracking_consent\n3,,maybe\n4,,YES\n")
    place.put(
        "crm_preferences.csv", "contact_id,set_at,relevance\n1,2026-11-01,6\n1,2026-11-02,2.5\n1,2026-11-03,2.0\n"
    )
    place.put("postmaster_rates.csv", "day,domain,complaint_rate\nmonday,a.example,0\n2026-11-01,a.example,inf\n")
    place.put("crm_erasure_requests.csv", "request_id,contact_id,email,requested_at\n1,,,2026-11-01\n")
    place.load()
    assert place.rejects() == [
        ("crm_contacts/2.csv", 2, "tracking_consent", "bad_boolean"),
        ("crm_erasure_requests.csv", 2, "contact_id", "missing_required"),
        ("crm_preferences.csv", 2, "relevance", "value_not_allowed"),
        ("crm_preferences.csv", 3, "relevance", "bad_number"),
        ("postmaster_rates.csv", 2, "day", "bad_timestamp"),
        ("postmaster_rates.csv", 3, "complaint_rate", "bad_number"),
    ]


def test_a_row_in_another_encoding_is_set_aside(place: Place) -> None:
    place.put("crm_orders.csv", ORDERS.encode() + b"1,1,2026-11-01,2,,\n\xe9,1,2026-11-01,2,,\n")
    place.load()
    assert place.rejects() == [("crm_orders.csv", 3, None, "bad_encoding")]


def test_the_line_of_a_parquet_row_is_its_number(place: Place) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select i as order_id, '1' as contact_id, case when i <> 3 then '2026-11-01' end as ordered_at, "
            f"1 as amount from range(1, 6) as numbers(i)) to '{place.landing}/crm_orders.parquet'"
        )
    place.load()
    assert place.rejects() == [("crm_orders.parquet", 3, "ordered_at", "missing_required")]


class _Written:
    """A CSV file line by line, remembering where its good and bad rows start."""

    def __init__(self, newline: str) -> None:
        self.text, self.newline, self.line = "", newline, 1
        self.good: dict[str, int] = {}
        self.bad: list[int] = []

    def add(self, kind: str, number: int) -> None:
        if kind.startswith("good"):
            self.good[f"k{number}"] = self.line
        elif kind != "blank":
            self.bad.append(self.line)
        self.write(_ROWS[kind].format(k=f"k{number}") + "\n")

    def write(self, text: str) -> None:
        self.text += text.replace("\n", self.newline)
        self.line += text.count("\n")


_ROWS = {
    "blank": "",
    "good": "{k};{k}@mail.example;n",
    "good quoted": '"{k}";"é";"a ""b"" ;"',
    "good over lines": '{k};x;"a\n\n\nb; ""c"" ;"',
    "good from a new line": '{k};"\nlead";"trail\n\n"',
    "good with empty cells": "{k};;",
    "short": "{k};x",
    "long over lines": 'l{k};"x\ny";z;"t\n\nu"',
    "text after a quote": 'w{k};"y" y;z',
    "spaces": "   ",
}


@pytest.fixture(scope="module")
def reader() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(sql("load_macros"))
    return connection


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kinds=st.lists(st.sampled_from(sorted(_ROWS)), min_size=1, max_size=25).filter(
        lambda kinds: any(kind.startswith("good") for kind in kinds)
    ),
    newline=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
    leading=st.integers(0, 2),
    header=st.sampled_from(["contact_id;email;note", 'contact_id;email;"no\nte"']),
    chunk=st.sampled_from([5, 64, 1 << 20]),
)
def test_the_line_is_the_true_one_whatever_stands_before_it(
    reader: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kinds: list[str],
    newline: str,
    encoding: str,
    leading: int,
    header: str,
    chunk: int,
) -> None:
    """Quoted line breaks, blank lines, rows too short or too long, at any chunk of reading."""
    monkeypatch.setattr(reveil.load.text_file, "_CHUNK", chunk)
    written = _Written(newline)
    written.write("\n" * leading + header + "\n")
    for number, kind in enumerate(kinds):
        written.add(kind, number)
    file = tmp_path / "crm_contacts.csv"
    file.write_bytes(written.text.encode(encoding))
    source = Source(files=("*",), delimiter=";", encoding=encoding.removesuffix("-sig"))
    cells = read_file(reader, LandingFile(file, file.name, "crm_contacts", ""), source, "cells")
    found = reader.execute(f"select contact_id, line from {cells.relation}").fetchall()
    assert dict(found) == written.good
    assert [line for line, _ in cells.bad_rows] == written.bad


@pytest.mark.parametrize("rows", [3, 200_000])
def test_a_quote_that_never_closes_loses_no_row_in_silence(place: Place, rows: int) -> None:
    """Of a long file DuckDB would keep the first row and say nothing."""
    rest = "".join(f"{n},1,2026-11-01,2,,\n" for n in range(rows))
    place.put("crm_orders.csv", f'{ORDERS}a,1,2026-11-01,2,,\nb,"1,2026-11-01,2,,\n{rest}')
    with pytest.raises(BadInput, match=r"crm_orders\.csv: \d+ of its \d+ lines .* a quote opens"):
        place.load()
    assert not place.settings.warehouse.exists()


def test_mixed_line_endings_lose_no_row_in_silence(place: Place) -> None:
    rows = ["1,1,2026-11-01,2,,2026-11-01\r\n", "2,1,2026-11-01,2,,2026-11-01\n"]
    place.put("crm_orders.csv", ORDERS + rows[0] + rows[1] + rows[0])
    with pytest.raises(BadInput, match=r"crm_orders\.csv: is damaged .* line endings"):
        place.load()
    assert not place.settings.warehouse.exists()
