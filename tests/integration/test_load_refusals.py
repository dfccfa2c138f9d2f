"""A load that is refused says which file, where and what to do, quotes no cell, and leaves nothing half-done."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from landing_files import CONTACTS, NOW, Place

from reveil.errors import BadInput

ORDERS = "order_id,contact_id,ordered_at,amount\n"
MANY = ORDERS + "".join(f"{n},1,2026-11-01,{n}.50\n" for n in range(5000))
SECRET = "secret@mail.example"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.put("crm_contacts.csv", CONTACTS)
    return place


def refused(place: Place, *expected: str, check: bool = False) -> None:
    """The load is refused with all of `expected`, without a cell's text, and changes nothing."""
    before = place.contents if place.settings.warehouse.exists() else None
    landed = sorted(place.landing.rglob("*"))
    with pytest.raises(BadInput) as error:
        place.load(as_of=NOW + timedelta(days=1), now=NOW + timedelta(days=90), check=check)
    for text in expected:
        assert text in str(error.value)
    assert "secret" not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None
    assert (place.contents if place.settings.warehouse.exists() else None) == before
    assert sorted(place.landing.rglob("*")) == landed


def with_an_older_load(place: Place) -> None:
    place.put("crm_orders/0.csv", f"{ORDERS}0,1,2026-11-01,1\n")
    place.load()


def parquet(place: Place, name: str) -> bytes:
    file = place.landing / name
    file.parent.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select i::varchar as order_id, '1' as contact_id, '2026-11-01' as ordered_at, i as amount "
            f"from range(9999) as numbers(i)) to '{file}' (format parquet)"
        )
    return file.read_bytes()


Spoil = Callable[[Place], tuple[str, ...]]


def _missing_column(place: Place) -> tuple[str, ...]:
    place.put("crm_orders/9.csv", f"order_id,contact_id,ordered_at\n1,1,{SECRET}\n")
    return ("crm_orders/9.csv, line 1", "`amount` is missing", "tables: crm_orders: columns:")


def _no_header(place: Place) -> tuple[str, ...]:
    place.put("crm_orders/9.csv", f"7,{SECRET},2026-11-01,2\n")
    return ("crm_orders/9.csv, line 1", "`order_id` is missing")


def _mapped_column_missing(place: Place) -> tuple[str, ...]:
    place.map("tables: {crm_orders: {columns: {bon: coupon}}}")
    place.put("crm_orders/1.csv", f"{ORDERS}1,1,2026-11-01,1\n")
    return ("crm_orders/1.csv, line 1", "`bon`", "`coupon`")


def _column_twice(place: Place) -> tuple[str, ...]:
    place.put("crm_orders/9.csv", "order_id,contact_id,ordered_at,amount,AMOUNT\n1,1,2026-11-01,1,2\n")
    return ("crm_orders/9.csv, line 1", "`amount` stands there twice")


def _wrong_delimiter(place: Place) -> tuple[str, ...]:
    place.put("crm_orders/9.csv", ORDERS.replace(",", ";") + f"1;1;{SECRET};1\n")
    return ("crm_orders/9.csv, line 1", "one column only", "`delimiter`")


def _no_row_fits(place: Place) -> tuple[str, ...]:
    place.put("crm_orders/9.csv", ORDERS + f"1;1;{SECRET};1\n" * 20)
    return ("crm_orders/9.csv, line 2", "no line has the 4 columns", "`delimiter`")


def _empty_file(place: Place) -> tuple[str, ...]:
    place.put("crm_orders/9.csv", "\n\n")
    return ("crm_orders/9.csv", "is empty", "export it again")


def _cut_gzip(place: Place) -> tuple[str, ...]:
    data = gzip.compress(MANY.encode())
    place.put("crm_orders/9.csv.gz", data[: len(data) // 2])
    return ("crm_orders/9.csv.gz", "not a whole gzip file", "copy it again")


def _damaged_gzip(place: Place) -> tuple[str, ...]:
    """One that DuckDB alone would read in part, without a word."""
    data = bytearray(gzip.compress(MANY.encode()))
    data[-6] ^= 1
    place.put("crm_orders/9.csv.gz", bytes(data))
    return ("crm_orders/9.csv.gz", "not a whole gzip file")


def _no_gzip(place: Place) -> tuple[str, ...]:
    place.put("crm_orders/9.csv.gz", MANY.encode())
    return ("crm_orders/9.csv.gz", "not a whole gzip file")


def _cut_parquet(place: Place) -> tuple[str, ...]:
    data = parquet(place, "crm_orders/9.parquet")
    place.put("crm_orders/9.parquet", data[: len(data) // 2])
    return ("crm_orders/9.parquet", "is damaged", "export it again")


def _parquet_without_column(place: Place) -> tuple[str, ...]:
    parquet(place, "crm_orders/9.parquet")
    file = place.landing / "crm_orders/9.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table t as select * exclude amount from '{file}'")
        connection.execute(f"copy t to '{file}'")
    return ("crm_orders/9.parquet", "`amount` is missing")


def _utf16_as_utf8(place: Place) -> tuple[str, ...]:
    place.put("crm_orders/9.csv", f"{ORDERS}1,1,2026-11-01,1\n".encode("utf-16"))
    return ("crm_orders/9.csv",)


def _half_a_character(place: Place) -> tuple[str, ...]:
    place.map("tables: {crm_orders: {encoding: utf-16}}")
    place.put("crm_orders/1.csv", f"{ORDERS}1,1,2026-11-01,1\n".encode("utf-16")[:-1])
    return ("crm_orders/1.csv", "not utf-16 text throughout", "`encoding`")


def _unknown_ending(place: Place) -> tuple[str, ...]:
    place.put("crm_orders/9.xlsx", "secret")
    return ("crm_orders/9.xlsx", "what kind of file", ".csv.gz", "`ignore:`")


def _unknown_table(place: Place) -> tuple[str, ...]:
    place.put("crm_order.csv", MANY)
    return ("crm_order.csv", "belongs to no table", "sources.yml")


def _two_tables(place: Place) -> tuple[str, ...]:
    place.map("tables: {crm_logins: {files: ['*/9.csv']}}")
    place.put("crm_orders/9.csv", MANY)
    return ("crm_orders/9.csv", "claimed by crm_orders and crm_logins")


def _samples_beside(place: Place) -> tuple[str, ...]:
    place.put("crm_orders.sample.csv", MANY)
    return ("crm_orders.sample.csv", "side by side")


def _wrong_sources(place: Place) -> tuple[str, ...]:
    place.map("tables:\n  crm_orders:\n    mode: everything\n")
    return ("sources.yml, line 3", "tables.crm_orders.mode", "'full' or 'delta'")


def _wrong_freshness(place: Place) -> tuple[str, ...]:
    place.freshness_seed.write_text("table_name,max_age_days,min_share\ncrm_orders,7,1.5\n")
    return ("source_freshness.csv, line 2", "min_share between 0 and 1")


SPOILS = [
    _missing_column,
    _no_header,
    _mapped_column_missing,
    _column_twice,
    _wrong_delimiter,
    _no_row_fits,
    _empty_file,
    _cut_gzip,
    _damaged_gzip,
    _no_gzip,
    _cut_parquet,
    _parquet_without_column,
    _utf16_as_utf8,
    _half_a_character,
    _unknown_ending,
    _unknown_table,
    _two_tables,
    _samples_beside,
    _wrong_sources,
    _wrong_freshness,
]


@pytest.mark.parametrize("spoil", SPOILS)
def test_one_wrong_file_refuses_the_whole_load(place: Place, spoil: Spoil) -> None:
    """On a warehouse with an older load, beside a good new file that comes before it by name."""
    with_an_older_load(place)
    place.put("crm_orders/1.csv", f"{ORDERS}1,1,2026-11-01,1\n")
    expected = spoil(place)
    refused(place, *expected)
    refused(place, *expected, check=True)


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_first_load_that_is_refused_leaves_no_warehouse(place: Place, spoil: Spoil) -> None:
    refused(place, *spoil(place))
    assert not place.settings.warehouse.exists()
    assert not list(place.settings.data.glob("*.wal"))


@pytest.mark.parametrize("exists", [True, False])
def test_an_empty_landing_folder_is_an_error_for_a_company(place: Place, exists: bool) -> None:
    if exists:
        place.load()
    (place.landing / "crm_contacts.csv").unlink()
    place.put(".gitkeep", "")
    refused(place, str(place.landing), "no file to load", "reveil sample cdnow")
    refused(place, "no file to load", check=True)
    assert place.settings.warehouse.exists() == exists


def test_a_landing_folder_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.landing.rmdir()
    refused(place, "no file to load")


def test_an_empty_landing_folder_is_nothing_new_for_a_sample(tmp_path: Path) -> None:
    place = Place(tmp_path)
    file = place.put("crm_contacts.sample.csv", CONTACTS)
    place.load()
    file.unlink()
    assert place.load().lines == ("nothing new",)


def test_sample_files_are_refused_by_a_company_s_warehouse(place: Place) -> None:
    place.load()
    (place.landing / "crm_contacts.csv").unlink()
    place.put("crm_contacts.sample.csv", CONTACTS)
    refused(place, "crm_contacts.sample.csv is sample data", "holds a company's data", "REVEIL_DATA")


def test_a_company_s_files_are_refused_by_a_sample_warehouse(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.put("crm_contacts.sample.csv", CONTACTS)
    place.load()
    (place.landing / "crm_contacts.sample.csv").unlink()
    place.put("crm_contacts.csv", CONTACTS)
    refused(place, "crm_contacts.csv is a company's data", "holds sample data")
    assert place.rows("select origin from journal.origin") == [("sample",)]


def test_a_first_load_needs_the_contacts(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.put("crm_orders.csv", MANY)
    refused(place, str(place.landing), "holds no crm_contacts")
    assert not place.settings.warehouse.exists()


_KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import reveil.load.run
from landing_files import NOW, Place
reveil.load.run.honour_tracking_consent = lambda *_: os.kill(os.getpid(), 9)
place = Place.__new__(Place)
from reveil.settings import Settings
folder = Path(sys.argv[1])
place.settings = Settings(project=folder / "project", data=folder / "data")
place.load()
"""


def test_a_load_that_is_killed_leaves_nothing(place: Place, tmp_path: Path) -> None:
    """Killed when every file is applied and only the commit is missing."""
    with_an_older_load(place)
    before = place.contents
    place.put("crm_orders/1.csv", MANY)
    place.put("crm_contacts/2.csv", "contact_id,email\n1,ada@new.example\n")
    tests = str(Path(__file__).resolve().parents[1])
    process = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path), tests], check=False)
    assert process.returncode == -signal.SIGKILL
    assert place.contents == before
    assert place.load().figures["rows_new"] == 4999
