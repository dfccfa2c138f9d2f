"""Whether a source is still fed and whole, as of a night."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from landing_files import NOW, Place

from reveil.errors import BadInput
from reveil.load import Freshness, freshness
from reveil.load.freshness import SEED, limits
from reveil.raw_tables import BY_NAME
from reveil.warehouse import Warehouse

ORDERS = "order_id,contact_id,ordered_at,amount\n"


def contacts(signed_up: str, updated: str = "") -> str:
    return f"contact_id,email,signed_up_at,updated_at\n1,ada@mail.example,{signed_up},{updated}\n"


def judged(place: Place, as_of: datetime = NOW) -> dict[str, Freshness]:
    with Warehouse(place.settings).read("test") as connection:
        found = freshness(connection, as_of, place.freshness_seed)
    return {one.table: one for one in found}


def test_the_shipped_limits_are_about_raw_tables() -> None:
    assert {"crm_contacts", "crm_orders"} <= limits(SEED).keys() <= BY_NAME.keys()


def test_a_source_is_stale_when_its_newest_row_is_too_old(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.put("crm_contacts.csv", contacts("2026-01-01", "2026-11-19"))
    place.put("crm_orders.csv", f"{ORDERS}1,1,2026-11-12 03:00,1\n")
    place.load()
    fresh = judged(place)
    assert (fresh["crm_contacts"].verdict, fresh["crm_contacts"].newest_at) == ("ok", datetime(2026, 11, 19))
    assert (fresh["crm_orders"].verdict, fresh["crm_orders"].age_days) == ("stale", 8)
    assert fresh["crm_logins"].verdict == "never_loaded"
    assert judged(place, NOW - timedelta(days=1))["crm_orders"].verdict == "ok"


def test_only_what_is_visible_before_as_of_counts(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.put("crm_contacts.csv", contacts("2026-11-01"))
    place.put("crm_orders.csv", f"{ORDERS}1,1,2026-11-01,1\n2,1,2026-11-19,1\n")
    place.load()
    assert judged(place, datetime(2026, 11, 19))["crm_orders"].newest_at == datetime(2026, 11, 1)


def test_a_table_without_any_date_is_as_fresh_as_its_last_load(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.put("crm_contacts.csv", contacts(""))
    place.load()
    assert judged(place)["crm_contacts"].newest_at == NOW
    assert judged(place, NOW + timedelta(days=8))["crm_contacts"].verdict == "stale"


def test_a_sample_is_never_stale_and_says_why(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.put("crm_contacts.sample.csv", contacts("1997-01-01"))
    place.load()
    found = judged(place)["crm_contacts"]
    assert (found.verdict, found.note) == ("ok", "sample data: its log has ended")


@pytest.mark.parametrize("name", ["crm_contacts", "crm_contacts.sample"])
def test_a_shrunken_source_is_told_until_a_whole_one_comes(tmp_path: Path, name: str) -> None:
    place = Place(tmp_path, f"tables: {{crm_contacts: {{mode: full, files: ['{name}*.csv']}}}}")
    whole = contacts("2026-11-19") + "".join(f"{n},,2026-11-19,\n" for n in range(2, 21))
    verdicts = []
    for text in (whole, contacts("2026-11-19"), whole + "21,,2026-11-19,\n"):
        place.put(f"{name}.csv", text)
        place.load()
        verdicts.append(judged(place)["crm_contacts"].verdict)
    assert verdicts == ["ok", "shrunken", "ok"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("table_name,days\n", "line 1: must have the columns"),
        ("table_name,max_age_days,min_share\ncrm_order,7,0.9\n", "line 2: table_name: unknown table"),
        ("table_name,max_age_days,min_share\ncrm_orders,soon,0.9\n", "line 2: max_age_days and min_share"),
        ("table_name,max_age_days,min_share\ncrm_orders,7\n", "line 2: max_age_days and min_share"),
        ("table_name,max_age_days,min_share\ncrm_orders,0,0.9\n", "line 2: max_age_days must be above 0"),
        ("table_name,max_age_days,min_share\ncrm_orders,7,nan\n", "line 2: max_age_days must be above 0"),
    ],
)
def test_a_wrong_limit_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    seed = tmp_path / "source_freshness.csv"
    seed.write_text(text)
    with pytest.raises(BadInput, match=told):
        limits(seed)
