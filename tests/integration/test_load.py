"""Landing files → raw: what is kept, what is replaced, what is known already."""

from __future__ import annotations

import itertools
import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landing_files import CONTACTS, NOW, Place

from reveil.warehouse import Warehouse

ORDERS = "order_id,contact_id,ordered_at,amount,updated_at\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.put("crm_contacts.csv", CONTACTS)
    return place


def amounts(place: Place) -> dict[str, Decimal]:
    return dict(place.rows("select order_id, amount from raw.crm_orders"))


def test_the_same_file_again_is_nothing_new_under_any_name(place: Place) -> None:
    place.put("crm_orders.csv", f"{ORDERS}1,1,2026-11-01,2,\n")
    place.load()
    before = place.contents
    place.put("crm_orders/again.csv", f"{ORDERS}1,1,2026-11-01,2,\n")
    report = place.load(as_of=NOW + timedelta(days=1))
    assert place.contents == before
    assert "nothing new" in report.lines
    assert report.figures["skipped"] == ["crm_contacts.csv", "crm_orders.csv", "crm_orders/again.csv"]


def test_one_content_twice_in_a_folder_is_loaded_once(place: Place) -> None:
    for name in ("crm_orders.csv", "crm_orders/copy.csv"):
        place.put(name, f"{ORDERS}1,1,2026-11-01,2,\n")
    report = place.load()
    assert report.figures["skipped"] == ["crm_orders/copy.csv"]
    assert amounts(place) == {"1": Decimal(2)}


def test_rows_are_new_changed_or_unchanged_and_the_latest_wins(place: Place) -> None:
    place.put("crm_orders/1.csv", f"{ORDERS}1,1,2026-11-01,2,2026-11-05\n2,1,2026-11-01,2,2026-11-05\n")
    place.load()
    place.put(
        "crm_orders/2.csv",
        f"{ORDERS}1,1,2026-11-01,3,2026-11-06\n2,1,2026-11-01,2,2026-11-05\n3,1,2026-11-01,9,\n",
    )
    told = place.load().figures
    assert (told["rows_new"], told["rows_changed"], told["rows_unchanged"]) == (1, 1, 1)
    place.put("crm_orders/3.csv", f"{ORDERS}1,1,2026-11-01,7,2026-11-04\n1,1,2026-11-01,8,\n")
    assert place.load().figures["rows_unchanged"] == 2
    assert amounts(place) == {"1": Decimal(3), "2": Decimal(2), "3": Decimal(9)}
    assert place.rows("select count(distinct load_id) from raw.crm_orders") == [(2,)]


def test_without_updated_at_the_later_file_wins(place: Place) -> None:
    place.put("crm_orders/1.csv", f"{ORDERS}1,1,2026-11-01,2,\n")
    place.put("crm_orders/2.csv", f"{ORDERS}1,1,2026-11-01,3,\n")
    place.load()
    assert amounts(place) == {"1": Decimal(3)}
    assert place.rejects() == []


def test_a_duplicate_key_of_the_same_age_sets_the_newcomer_aside(place: Place) -> None:
    place.put("crm_orders/1.csv", f"{ORDERS}1,1,2026-11-01,2,2026-11-05\n")
    place.load()
    place.put("crm_orders/2.csv", f"{ORDERS}2,1,2026-11-01,2,\n1,1,2026-11-01,3,2026-11-05\n")
    report = place.load()
    assert place.rejects() == [("crm_orders/2.csv", 3, None, "conflicting_duplicate")]
    assert any("conflicting_duplicate: 1, the first on line 3" in line for line in report.lines)
    assert amounts(place) == {"1": Decimal(2), "2": Decimal(2)}


def test_duplicates_within_a_file(place: Place) -> None:
    """Identical rows are one; of rows of one age the first stays; the latest age wins."""
    rows = [
        "1,1,2026-11-01,2,",
        "1,1,2026-11-01,2,",
        "2,1,2026-11-01,2,",
        "2,1,2026-11-01,3,",
        "3,1,2026-11-01,2,2026-11-06",
        "3,1,2026-11-01,1,2026-11-05",
        "3,1,2026-11-01,4,2026-11-07",
        "3,1,2026-11-01,5,2026-11-07",
    ]
    place.put("crm_orders.csv", ORDERS + "\n".join(rows) + "\n")
    told = place.load().figures
    assert amounts(place) == {"1": Decimal(2), "2": Decimal(2), "3": Decimal(4)}
    assert place.rejects() == [
        ("crm_orders.csv", 5, None, "conflicting_duplicate"),
        ("crm_orders.csv", 9, None, "conflicting_duplicate"),
    ]
    orders = told["files"][1]
    assert (orders["rows_read"], orders["rows_new"], orders["rows_unchanged"]) == (8, 3, 3)


def test_of_a_table_without_key_identical_rows_are_one(place: Place) -> None:
    head = "contact_id,logged_in_at\n"
    place.put("crm_logins/1.csv", f"{head}1,2026-11-01\n1,2026-11-01\n1,2026-11-02\n")
    place.put("crm_logins/2.csv", f"{head}1,2026-11-02\n2,2026-11-02\n")
    place.load()
    assert place.rows("select count(*) from raw.crm_logins") == [(3,)]


def test_a_contact_keeps_the_instant_of_its_first_load(place: Place) -> None:
    place.load()
    place.put("crm_contacts/2.csv", "contact_id,email\n1,ada@new.example\n3,eve@mail.example\n")
    later = NOW + timedelta(days=1)
    place.load(as_of=later)
    assert place.rows("select contact_id, normalised_email, first_loaded_at from raw.crm_contacts order by 1") == [
        ("1", "ada@new.example", NOW),
        ("2", "bob@mail.example", NOW),
        ("3", "eve@mail.example", later),
    ]


def test_the_journal_says_of_each_file_what_it_did(place: Place) -> None:
    place.put("crm_orders.csv", f"{ORDERS}1,1,2026-11-01 08:00,2,\n2,1,x,2,\n")
    place.load()
    assert place.rows(
        "select file_name, origin, mode, as_of, rows_read, rows_new, rows_rejected, newest_at, length(digest) "
        "from journal.loads where table_name = 'crm_orders'"
    ) == [("crm_orders.csv", "company", "delta", NOW, 2, 1, 1, datetime(2026, 11, 1, 8), 64)]


# ── full snapshots ──────────────────────────────────────────────────────────────────────────────


def snapshot(*contacts: int) -> str:
    return "contact_id,email\n" + "".join(f"{n},{n}@mail.example\n" for n in contacts)


@pytest.fixture
def full(tmp_path: Path) -> Place:
    return Place(tmp_path, "tables: {crm_contacts: {mode: full}}")


def held(place: Place) -> list[str]:
    return [row[0] for row in place.rows("select contact_id from raw.crm_contacts order by contact_id::int")]


def test_rows_that_the_newest_snapshot_lacks_are_removed(full: Place) -> None:
    full.put("crm_contacts/2026-11-18.csv", snapshot(*range(1, 21)))
    full.put("crm_contacts/2026-11-19.csv", snapshot(*range(2, 22)))
    told = full.load().figures["files"]
    assert [file["rows_removed"] for file in told] == [0, 1]
    assert held(full) == [str(n) for n in range(2, 22)]


def test_a_shrunken_snapshot_removes_nothing_and_says_so(full: Place) -> None:
    full.put("crm_contacts/1.csv", snapshot(*range(1, 21)))
    full.load()
    full.put("crm_contacts/2.csv", snapshot(1, 2, 3))
    report = full.load()
    assert len(held(full)) == 20
    assert full.rows("select is_shrunken from journal.loads order by load_id") == [(False,), (True,)]
    assert any("nothing removed: the snapshot is shrunken" in line for line in report.lines)


def test_a_second_short_snapshot_is_no_excuse_for_the_first(full: Place) -> None:
    for n, contacts in enumerate([range(1, 21), range(1, 4), range(1, 5)]):
        full.put(f"crm_contacts/{n}.csv", snapshot(*contacts))
        full.load()
    assert len(held(full)) == 20
    full.put("crm_contacts/9.csv", snapshot(*range(1, 20)))
    full.load()
    assert len(held(full)) == 19
    assert full.rows("select is_shrunken from journal.loads order by load_id desc limit 1") == [(False,)]


def test_a_row_set_aside_is_still_in_the_snapshot(full: Place) -> None:
    full.put("crm_contacts/1.csv", snapshot(*range(1, 21)))
    full.load()
    full.put("crm_contacts/2.csv", snapshot(*range(1, 20)) + '20,"a\nb@mail.example"\n')
    assert full.load().figures["rows_removed"] == 0
    assert len(held(full)) == 20


@pytest.mark.parametrize("row", ["20\n", ",x@mail.example\n"])
def test_a_row_whose_key_cannot_be_read_might_be_anybody_s(full: Place, row: str) -> None:
    full.put("crm_contacts/1.csv", snapshot(*range(1, 21)))
    full.load()
    full.put("crm_contacts/2.csv", snapshot(*range(1, 20)) + row)
    report = full.load()
    assert len(held(full)) == 20
    assert any("the keys of 1 rows could not be read" in line for line in report.lines)


def test_an_old_snapshot_that_comes_back_is_news(full: Place) -> None:
    first, second = snapshot(*range(1, 21)), snapshot(*range(1, 22))
    for text in (first, second, first):
        full.put("crm_contacts.csv", text)
        full.load()
    assert len(held(full)) == 20
    assert full.load().lines[0] == "nothing new"


def test_kept_snapshots_are_not_loaded_again(full: Place) -> None:
    for n in range(1, 4):
        full.put(f"crm_contacts/{n}.csv", snapshot(*range(n, n + 20)))
        full.load()
    assert held(full) == [str(n) for n in range(3, 23)]
    assert full.load().lines[0] == "nothing new"
    assert held(full) == [str(n) for n in range(3, 23)]


def test_a_snapshot_of_a_table_without_key(tmp_path: Path) -> None:
    place = Place(tmp_path, "tables: {crm_logins: {mode: full}}")
    place.put("crm_contacts.csv", CONTACTS)
    head, days = "contact_id,logged_in_at\n", [f"1,2026-11-{day:02}\n" for day in range(1, 16)]
    place.put("crm_logins/1.csv", head + "".join(days))
    place.put("crm_logins/2.csv", head + "".join(days[1:]))
    place.load()
    assert place.rows("select min(logged_in_at), count(*) from raw.crm_logins") == [(datetime(2026, 11, 2), 14)]


# ── consent to tracking ─────────────────────────────────────────────────────────────────────────

EVENTS = "esp,event_id,contact_id,event,occurred_at,actor\n"


def test_of_opens_without_tracking_consent_only_the_last_date_is_kept(place: Place) -> None:
    rows = [
        "x,1,1,opened,2026-11-01 08:00,human",
        "x,2,2,opened,2026-11-01 08:00,human",
        "x,3,2,opened,2026-11-03 08:00,",
        "x,4,2,opened,2026-11-09 08:00,machine",
        "x,5,2,clicked,2026-11-04 08:00,human",
        "x,6,nobody,opened,2026-11-05 08:00,human",
    ]
    place.put("esp_events.csv", EVENTS + "\n".join(rows) + "\n")
    report = place.load()
    assert place.rows("select event_id from raw.esp_events order by 1") == [("1",), ("5",)]
    assert place.rows("from raw.last_opens order by 1") == [("2", date(2026, 11, 3)), ("nobody", date(2026, 11, 5))]
    assert report.figures["opens_reduced"] == 4


def test_a_withdrawal_purges_earlier_opens_at_the_next_load(place: Place) -> None:
    place.put("esp_events.csv", f"{EVENTS}x,1,1,opened,2026-11-01,human\nx,2,1,opened,2026-11-02,human\n")
    place.load()
    place.put("crm_contacts/2.csv", "contact_id,email,tracking_consent\n1,ada@mail.example,\n")
    place.load()
    assert place.rows("from raw.esp_events") == []
    assert place.rows("from raw.last_opens") == [("1", date(2026, 11, 2))]
    place.put("esp_events/2.csv", f"{EVENTS}x,3,1,opened,2026-11-05,human\nx,4,1,opened,2026-10-01,human\n")
    place.load()
    assert place.rows("from raw.last_opens") == [("1", date(2026, 11, 5))]


# ── the landing folder ──────────────────────────────────────────────────────────────────────────


def test_old_landing_files_are_deleted_once_loaded(place: Place) -> None:
    old, new = place.put("crm_orders/1.csv", ORDERS), place.put("crm_orders/2.csv", ORDERS + "1,1,2026-11-01,1,\n")
    foreign = place.put("notes.md", "ours")
    for file, days in ((old, 8), (new, 6), (foreign, 80), (place.landing / "crm_contacts.csv", 6)):
        stamp = (NOW - timedelta(days=days)).replace(tzinfo=UTC).timestamp()
        os.utime(file, (stamp, stamp))
    place.load(check=True)
    assert old.exists()
    report = place.load()
    assert (old.exists(), new.exists(), foreign.exists()) == (False, True, True)
    assert "1 old landing files deleted" in report.lines


def test_hidden_and_ignored_files_are_not_looked_at(place: Place) -> None:
    for name in (".gitkeep", "README.md", "crm_orders.csv.part", ".cache/x.csv"):
        place.put(name, "x")
    assert place.load().figures["files"][0]["file"] == "crm_contacts.csv"


# ── the check ───────────────────────────────────────────────────────────────────────────────────


def test_a_check_tells_what_a_load_would_do_and_writes_nothing(place: Place) -> None:
    place.put("crm_orders/1.csv", f"{ORDERS}1,1,2026-11-01,2,2026-11-05\n")
    place.put("crm_orders/2.csv", f"{ORDERS}1,1,2026-11-01,3,2026-11-06\n2,1,x,3,\n")
    first = place.load(check=True)
    assert [path.name for path in place.settings.data.iterdir()] == ["landing"]
    assert first.lines[-1] == "checked only: nothing was written"
    loaded = place.load()
    assert first.figures["files"] == loaded.figures["files"]
    assert first.figures["files"][2]["rows_changed"] == 1

    place.put("crm_orders/3.csv", f"{ORDERS}1,1,2026-11-01,4,2026-11-07\n")
    before, digest = place.contents, place.settings.warehouse.read_bytes()
    assert place.load(check=True).figures["rows_changed"] == 1
    assert place.settings.warehouse.read_bytes() == digest
    assert place.contents == before


def test_a_check_does_not_stop_readers(place: Place) -> None:
    place.load()
    with Warehouse(place.settings).read("an analyst"):
        assert place.load(check=True).figures["files"] == []


# ── any split, order, repetition ────────────────────────────────────────────────────────────────

versions = st.tuples(st.integers(1, 4), st.integers(1, 5))


@settings(max_examples=15, deadline=None)
@given(
    files=st.lists(st.lists(versions, min_size=1, max_size=6), min_size=1, max_size=4),
    runs=st.lists(st.integers(0, 2), min_size=4, max_size=4),
    order=st.permutations(range(4)),
)
def test_any_split_order_or_repetition_of_rows_gives_the_same_raw(
    files: list[list[tuple[int, int]]], runs: list[int], order: list[int]
) -> None:
    """A row is a version of an order; whatever file and run brings it, the latest version is held."""

    def text(rows: list[tuple[int, int]]) -> str:
        lines = (f"{key},1,2026-11-01,{key * 10 + version},2026-11-{version:02}\n" for key, version in rows)
        return ORDERS + "".join(lines)

    def logins(rows: list[tuple[int, int]]) -> str:
        return "contact_id,logged_in_at\n" + "".join(f"{key},2026-11-{version:02}\n" for key, version in rows)

    with TemporaryDirectory() as folder:
        place = Place(Path(folder))
        place.put("crm_contacts.csv", CONTACTS)
        for run in range(3):
            for n, rows in enumerate(files):
                if runs[n] <= run:
                    place.put(f"crm_orders/{order[n]}-{n}.csv", text(rows))
                    place.put(f"crm_logins/{order[n]}-{n}.csv", logins(rows))
            place.load()
        everything = list(itertools.chain(*files))
        latest = {str(key): Decimal(key * 10 + version) for key, version in sorted(everything)}
        assert amounts(place) == latest
        assert place.rows("select count(*) from raw.crm_logins") == [(len(set(everything)),)]
        assert place.rejects() == []
