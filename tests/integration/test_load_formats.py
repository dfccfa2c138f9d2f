"""How cells are written: each way that sources.yml knows gives the same values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landing_files import CONTACTS, NOW, Place

from reveil.addresses import ASCII_ADDRESS, MAX_ADDRESS, MAX_LOCAL, normalise_address
from reveil.warehouse import sql

ORDERS = "order_id,contact_id,ordered_at,amount\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.put("crm_contacts.csv", CONTACTS)
    return place


def test_headers_in_any_case_with_spaces_and_a_byte_order_mark(place: Place) -> None:
    place.put("crm_orders.csv", '\ufeff Order_ID ,CONTACT_ID,"Ordered_At" , amount\n7,1,2026-11-01,2\n')
    place.load()
    assert place.rows("select order_id, amount from raw.crm_orders") == [("7", Decimal("2.00"))]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_encodings_plain_and_compressed(place: Place, encoding: str, ending: str) -> None:
    place.map(f"defaults: {{delimiter: ';'}}\ntables: {{crm_orders: {{encoding: {encoding}}}}}\n")
    (place.landing / "crm_contacts.csv").write_text(CONTACTS.replace(",", ";"))
    text = "order_id;contact_id;ordered_at;amount;coupon\n7;1;2026-11-01;2;réduc\n"
    place.put(f"crm_orders.{ending}", text, encoding)
    place.load()
    assert place.rows("select coupon from raw.crm_orders") == [("réduc",)]


def test_a_company_s_own_columns_words_and_constants(tmp_path: Path) -> None:
    sources = """
    tables:
      crm_contacts:
        files: [export_*.txt.gz]
        delimiter: ";"
        encoding: latin-1
        columns: {ID Client: contact_id, Courriel: email, Optin: marketing_consent, Type: contact_kind}
        constants: {country: FR}
        values:
          marketing_consent: {O: true, N: false}
          contact_kind: {CLI: customer}
        null_text: ["-", "néant"]
        default_business_line: fashion
    """
    place = Place(tmp_path, sources)
    text = "ID Client;Courriel;Optin;Type;Prénom\n1;ada@mail.example;O;CLI;Zoé\n2;-;N;Prospect;x\n3;néant;-;-;x\n"
    place.put("export_2026.txt.gz", text, "latin-1")
    report = place.load()
    assert place.rows(
        "select contact_id, email, marketing_consent, contact_kind, country, business_line from raw.crm_contacts "
        "order by 1"
    ) == [
        ("1", "ada@mail.example", True, "customer", "FR", "fashion"),
        ("2", None, False, "prospect", "FR", "fashion"),
        ("3", None, None, None, "FR", "fashion"),
    ]
    assert any("columns not used: prénom" in line for line in report.lines)


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-07-01 10:00:00", datetime(2026, 7, 1, 8)),
        ("2026-01-01 10:00", datetime(2026, 1, 1, 9)),
        ("2026-07-01", datetime(2026, 6, 30, 22)),
        ("2026-07-01T10:00:00Z", datetime(2026, 7, 1, 10)),
        ("2026-07-01 10:00:00.5 +0000", datetime(2026, 7, 1, 10, 0, 0, 500_000)),
        ("2026-07-01T10:00-05:00", datetime(2026, 7, 1, 15)),
        ("2026-07-01 10:00:00+05", datetime(2026, 7, 1, 5)),
        ("2026-07-01 10:00:00 UTC", datetime(2026, 7, 1, 10)),
        ("2026-03-29 01:59:59", datetime(2026, 3, 29, 0, 59, 59)),
        ("2026-03-29 03:00:00", datetime(2026, 3, 29, 1)),
        ("2026-10-25 02:30:00", datetime(2026, 10, 25, 1, 30)),
        ("2026-10-25 03:00:00", datetime(2026, 10, 25, 2)),
        ("2026/7/1 9:05", datetime(2026, 7, 1, 7, 5)),
    ],
)
def test_naive_time_is_in_the_source_s_zone_and_an_offset_is_honoured(
    place: Place, written: str, utc: datetime
) -> None:
    place.map("tables: {crm_orders: {time_zone: Europe/Paris}}")
    place.put("crm_orders.csv", f"{ORDERS}7,1,{written},2\n")
    place.load()
    assert place.rows("select ordered_at from raw.crm_orders") == [(utc,)]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/New_York"])
@pytest.mark.parametrize(
    "written",
    [
        "2026-07-01 10:00 PM",
        "2026-07-01 10:00:00 Europe/Paris",
        "20260701",
        "1/7/2026",
        "2026-07-01 25:00",
        "2026-07-01 10:00:00+99",
        "10:00",
        "epoch",
        "294247-01-10 04:00:54",
        "294247-01-10 04:00:54+00",
        "290309-12-22 (BC) 00:00:00",
        "-infinity",
        "1899-12-30",
    ],
)
def test_what_is_not_surely_an_instant_is_none(place: Place, zone: str, written: str) -> None:
    """A plain cast would read 10:00 PM as ten in the morning, and fail on the ends of time."""
    place.map(f"tables: {{crm_contacts: {{time_zone: {zone}}}}}")
    place.put("crm_contacts.csv", f"contact_id,email,hold_until\n1,ada@mail.example,{written}\n")
    place.load()
    assert place.rejects() == [("crm_contacts.csv", 2, "hold_until", "bad_timestamp")]


def test_for_ever_stays_for_ever(place: Place) -> None:
    place.map("tables: {crm_contacts: {time_zone: America/New_York}}")
    place.put("crm_contacts.csv", "contact_id,email,hold_until\n1,ada@mail.example,9999-12-31 23:59:59\n")
    place.load()
    assert place.rows("select hold_until from raw.crm_contacts") == [(datetime(9999, 12, 31, 23, 59, 59),)]


def test_one_column_may_be_in_a_zone_of_its_own(place: Place) -> None:
    place.map("tables: {crm_orders: {time_zone: Europe/Paris, time_zones: {updated_at: America/New_York}}}")
    place.put(
        "crm_orders.csv",
        "order_id,contact_id,ordered_at,amount,updated_at\n7,1,2026-07-01 10:00,2,2026-07-01 10:00\n",
    )
    place.load()
    assert place.rows("select ordered_at, updated_at from raw.crm_orders") == [
        (datetime(2026, 7, 1, 8), datetime(2026, 7, 1, 14))
    ]


def test_formats_of_one_s_own_with_and_without_offset(place: Place) -> None:
    place.map(
        "tables: {crm_orders: {time_zone: Europe/Paris, "
        "datetime_format: ['%d/%m/%Y %H:%M', '%d/%m/%Y', '%d/%m/%Y %H:%M %z']}}"
    )
    rows = "1,1,01/07/2026 10:00,1\n2,1,01/07/2026,1\n3,1,01/07/2026 10:00 +0300,1\n4,1,2026-07-01,1\n"
    place.put("crm_orders.csv", ORDERS + rows)
    place.load()
    assert place.rows("select order_id, ordered_at from raw.crm_orders order by 1") == [
        ("1", datetime(2026, 7, 1, 8)),
        ("2", datetime(2026, 6, 30, 22)),
        ("3", datetime(2026, 7, 1, 7)),
    ]
    assert place.rejects() == [("crm_orders.csv", 5, "ordered_at", "bad_timestamp")]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1234,56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u202f234\u00a0567,5", "1234567.50"),
        ("-3", "-3.00"),
        ("12.50", None),
        ("1,2,3", None),
    ],
)
def test_a_decimal_comma_never_turns_a_point_into_thousands(place: Place, written: str, amount: str | None) -> None:
    place.map("tables: {crm_orders: {decimal: comma}}")
    place.put("crm_orders.csv", f'{ORDERS}7,1,2026-07-01,"{written}"\n')
    place.load()
    found = place.rows("select amount from raw.crm_orders")
    assert found == ([(Decimal(amount),)] if amount else [])
    assert len(place.rejects()) == (0 if amount else 1)


def test_parquet_s_own_types_need_no_format(place: Place) -> None:
    place.map("tables: {crm_orders: {decimal: comma, datetime_format: '%d/%m/%Y', time_zone: Europe/Paris}}")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(
            'copy (select 7.0::double as "Order_ID", 1::bigint as contact_id, '
            "timestamp '2026-07-01 10:00' as ordered_at, 12.5::double as amount, "
            "timestamptz '2026-07-01 10:00+00' as updated_at) "
            f"to '{place.landing}/crm_orders.parquet'"
        )
    place.load()
    assert place.rows("select order_id, contact_id, ordered_at, amount, updated_at from raw.crm_orders") == [
        ("7", "1", datetime(2026, 7, 1, 8), Decimal("12.50"), datetime(2026, 7, 1, 10))
    ]


def test_days_rates_and_small_numbers(place: Place) -> None:
    place.put("postmaster_rates.csv", "day,domain,complaint_rate\n2026-11-01,mail.example,0.001\n")
    place.put(
        "crm_preferences.csv", "contact_id,set_at,frequency,relevance\n1,2026-11-01,Weekly,4\n2,2026-11-01,never,\n"
    )
    place.load()
    assert place.rows("select * exclude load_id from raw.postmaster_rates") == [
        (date(2026, 11, 1), "mail.example", 0.001)
    ]
    assert place.rows("select frequency, relevance from raw.crm_preferences order by contact_id") == [
        ("weekly", 4),
        ("never", None),
    ]


def test_file_names_with_signs_that_mean_something_to_a_pattern(place: Place) -> None:
    place.put("crm_orders/[2026] o'rders?.csv", f"{ORDERS}7,1,2026-07-01,2\n")
    place.load()
    assert place.rows("select count(*) from raw.crm_orders") == [(1,)]


def test_addresses_are_normalised_and_a_contact_without_a_plausible_one_is_kept(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.put(
        "crm_contacts.csv",
        "contact_id,email\n1, Ada@Mail.Example \n2,Zoé@Müller.example\n3,nobody\n4,\n5,a..b@mail.example\n",
    )
    place.load()
    assert place.rows("select contact_id, normalised_email from raw.crm_contacts order by 1") == [
        ("1", "ada@mail.example"),
        ("2", "zoé@xn--mller-kva.example"),
        ("3", None),
        ("4", None),
        ("5", None),
    ]
    assert place.rejects() == []
    assert place.rows("select distinct first_loaded_at from raw.crm_contacts") == [(NOW,)]


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
    | st.from_regex(r"[A-Za-z0-9.'+_-]{1,70}@[A-Za-z0-9.-]{1,80}\.[A-Za-z0-9]{1,5}", fullmatch=True)
)
def test_sql_and_python_normalise_an_ascii_address_alike(macros: duckdb.DuckDBPyConnection, text: str) -> None:
    limits = [ASCII_ADDRESS, MAX_ADDRESS, MAX_LOCAL]
    found = macros.execute("select ascii_address(?, ?, ?, ?)", [text, *limits]).fetchall()
    assert found == [(normalise_address(text),)]


@pytest.fixture(scope="module")
def macros() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(sql("load_macros"))
    return connection
