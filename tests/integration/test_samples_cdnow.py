"""The CDNOW landing files: the log as it is, and synthetic data that keeps its promises."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from reveil.errors import BadInput
from reveil.raw_tables import BY_NAME
from reveil.report import Report
from reveil.samples import cdnow, wheel
from reveil.samples.synthetic import RATES

LAST_INSTANT = "1998-07-01"


@pytest.fixture(scope="module")
def files(cdnow_landing: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The landing files as tables of the raw tables' types."""
    with duckdb.connect() as connection:
        for file in sorted(cdnow_landing.iterdir()):
            table = file.name.split(".")[0]
            types = {column.name: column.type for column in BY_NAME[table].columns}
            if file.suffix == ".parquet":
                rows = connection.read_parquet(str(file))
            else:
                rows = connection.read_csv(str(file), header=True, all_varchar=True, delimiter=",")
            cast = ", ".join(f"cast({name} as {types[name]}) as {name}" for name in rows.columns)
            rows.select(cast).create(table)
        yield connection


def _one(files: duckdb.DuckDBPyConnection, query: str) -> tuple[object, ...]:
    row = files.execute(query).fetchone()
    assert row is not None
    return row


def _none(files: duckdb.DuckDBPyConnection, source: str) -> bool:
    return _one(files, f"select count(*) from {source}") == (0,)


def test_every_line_of_the_log_is_an_order(files: duckdb.DuckDBPyConnection, cdnow_wheel: Path) -> None:
    log = [line.split() for line in wheel.master_log(cdnow_wheel).splitlines()[1:]]
    expected = {(str(number), line[0], line[1], Decimal(line[3])) for number, line in enumerate(log, 1)}
    orders = "select order_id, contact_id, strftime(ordered_at, '%Y%m%d'), amount from crm_orders"
    assert set(files.execute(orders).fetchall()) == expected
    assert len(expected) == 69_659
    assert _one(files, "select distinct status, currency, business_line from crm_orders") == (
        "paid",
        "USD",
        "music",
    )


def test_the_log_has_its_published_size(files: duckdb.DuckDBPyConnection) -> None:
    assert _one(
        files,
        "select count(*), count(distinct contact_id), min(ordered_at)::varchar, max(ordered_at)::varchar, "
        "count(*) filter (amount = 0) from crm_orders",
    ) == (69_659, 23_570, "1997-01-01 12:00:00", "1998-06-30 12:00:00", 80)


def test_identical_lines_stay_orders_of_their_own(cdnow_wheel: Path, cdnow_sample: tuple[Path, Report]) -> None:
    lines = Counter(wheel.master_log(cdnow_wheel).splitlines()[1:])
    assert sum(lines.values()) - len(lines) == 255
    log = cdnow_sample[1].figures["log"]
    assert log == {
        "lines": 69_659,
        "customers": 23_570,
        "first_day": "1997-01-01",
        "last_day": "1998-06-30",
        "identical_lines": 255,
        "lines_at_zero": 80,
    }


def test_the_published_tenth_can_be_told_from_the_raw_orders(
    files: duckdb.DuckDBPyConnection, cdnow_sample_numbers: dict[str, int]
) -> None:
    assert sorted(cdnow_sample_numbers.values()) == list(range(1, 2_358))
    rows = files.execute("select contact_id, ordered_at::date from crm_orders").fetchall()
    mine = [row for row in rows if row[0] in cdnow_sample_numbers]
    assert (len(mine), len(set(mine))) == (6_919, 6_696)


def test_columns_and_values_are_those_of_the_raw_tables(files: duckdb.DuckDBPyConnection) -> None:
    for table in BY_NAME.values():
        columns = [row[0] for row in files.execute(f"describe {table.name}").fetchall()]
        assert set(columns) <= set(table.column_names)
        for column in table.columns:
            assert column.name in columns or not column.must_exist
            if column.required:
                assert _none(files, f"{table.name} where {column.name} is null")
            if column.values and column.name in columns:
                found = files.execute(f"select distinct {column.name}::varchar from {table.name}").fetchall()
                assert {value for (value,) in found if value is not None} <= set(column.values)
        key = ", ".join(table.key or table.column_names)
        assert _one(files, f"select count(*) = count(distinct ({key})) from {table.name}") == (True,)


def test_rates_are_near_a_real_senders(files: duckdb.DuckDBPyConnection, cdnow_sample: tuple[Path, Report]) -> None:
    (sends,) = _one(files, "select count(*) from esp_sends")
    assert isinstance(sends, int)
    for event, rate in RATES.items():
        counted = f"select count(distinct (contact_id, campaign)) from esp_events where event = '{event}'"
        (messages,) = _one(files, counted)
        assert isinstance(messages, int)
        assert messages / sends == pytest.approx(rate, rel=0.1)
        assert cdnow_sample[1].figures["rates"][event] == pytest.approx(messages / sends)


def test_contacts_have_the_shares_that_the_docs_say(files: duckdb.DuckDBPyConnection) -> None:
    shares = _one(
        files,
        "select avg(marketing_consent::int), avg(tracking_consent::int), avg((email is null)::int), "
        "sum((contact_kind = 'prospect')::int) / sum((contact_kind = 'customer')::int) from crm_contacts",
    )
    assert shares == pytest.approx((0.92, 0.70, 0.005, 0.03), rel=0.02)
    members = "(select count(*) as n from crm_contacts where email is not null group by lower(email))"
    in_household = f"select sum(n) filter (n > 1) / sum(n) from {members}"
    assert _one(files, in_household) == pytest.approx((0.01,), rel=0.02)
    assert not _none(files, "crm_contacts where email != lower(email)")


def test_addresses_are_at_example_domains_only(files: duckdb.DuckDBPyConnection) -> None:
    address = r"^[a-z]+[._][a-z]+\d+@[a-z-]+\.example$"
    for table in ("crm_contacts", "crm_erasure_requests"):
        assert not _none(files, f"{table} where email is not null")
        assert _none(files, f"{table} where not regexp_matches(lower(email), '{address}')")
    assert _none(files, "esp_events where not starts_with(url, 'https://shop.example/')")


def test_customers_sign_up_at_most_thirty_days_before_their_first_purchase(
    files: duckdb.DuckDBPyConnection,
) -> None:
    firsts = "(select contact_id, min(ordered_at) as first_at from crm_orders group by 1)"
    before = "select contact_kind, min(first_at - signed_up_at), max(first_at - signed_up_at) from crm_contacts"
    rows = files.execute(f"{before} left join {firsts} using (contact_id) group by 1 order by 1").fetchall()
    assert rows[0][:2] == ("customer", timedelta(0))
    assert timedelta(29) < rows[0][2] <= timedelta(30)
    assert rows[1] == ("prospect", None, None)


def test_nothing_is_dated_after_the_last_day(files: duckdb.DuckDBPyConnection) -> None:
    checked = 0
    for table in BY_NAME:
        for name, kind, *_ in files.execute(f"describe {table}").fetchall():
            if kind in ("TIMESTAMP", "DATE"):
                checked += 1
                assert _none(files, f"{table} where {name} >= '{LAST_INSTANT}'"), f"{table}.{name}"
    assert checked >= 12


def test_nobody_does_anything_before_signing_up(files: duckdb.DuckDBPyConnection) -> None:
    for table, instant in (
        ("crm_orders", "ordered_at"),
        ("crm_logins", "logged_in_at"),
        ("crm_preferences", "set_at"),
        ("crm_interactions", "occurred_at"),
        ("crm_erasure_requests", "requested_at"),
        ("esp_sends", "sent_at"),
    ):
        assert _none(files, f"{table} join crm_contacts using (contact_id) where {instant} < signed_up_at")


def test_newsletters_go_monthly_to_consenting_addresses_once_a_mailbox(
    files: duckdb.DuckDBPyConnection,
) -> None:
    months = "select count(distinct sent_at), bool_and(strftime(sent_at, '%d %H:%M:%S') = '15 09:00:00'), "
    assert _one(files, months + "count(batch_key) from esp_sends") == (18, True, 0)
    joined = "esp_sends join crm_contacts using (contact_id)"
    assert _none(files, f"{joined} where email is null or marketing_consent_at is null")
    assert _none(files, f"{joined} where marketing_consent and marketing_consent_at > sent_at")
    assert _none(files, f"{joined} where not marketing_consent and marketing_consent_at <= sent_at")
    assert _one(files, f"select count(*) = count(distinct (campaign, lower(email))) from {joined}") == (True,)


def test_nobody_is_mailed_after_a_hard_bounce_an_unsubscribe_or_a_complaint(
    files: duckdb.DuckDBPyConnection,
) -> None:
    ended = "event in ('bounced_hard', 'unsubscribed', 'complained')"
    assert _none(
        files,
        f"esp_sends join (select * from esp_events where {ended}) as ends using (contact_id) "
        "where esp_sends.sent_at > ends.occurred_at",
    )


def test_every_event_follows_its_send_and_bounces_are_not_delivered(
    files: duckdb.DuckDBPyConnection,
) -> None:
    joined = "esp_events left join esp_sends using (esp, contact_id, campaign)"
    assert _none(files, f"{joined} where sent_at is null or occurred_at <= sent_at")
    arrived_or_bounced = "event in ('delivered', 'bounced_hard', 'bounced_soft')"
    fates = f"select count(*), count(distinct (contact_id, campaign)) from esp_events where {arrived_or_bounced}"
    (sends,) = _one(files, "select count(*) from esp_sends")
    assert _one(files, fates) == (sends, sends)


def _had(files: duckdb.DuckDBPyConnection, event: str) -> None:
    """The table `letters`: esp_sends, and whether the message had such an event."""
    events = f"(select distinct contact_id, campaign, 1 as had from esp_events where event = '{event}')"
    columns = "contact_id, campaign, sent_at, coalesce(had, 0) as had"
    joined = f"esp_sends left join {events} using (contact_id, campaign)"
    files.execute(f"create or replace temp table letters as select {columns} from {joined}")


def test_dead_addresses_show_at_the_first_messages(files: duckdb.DuckDBPyConnection) -> None:
    _had(files, "bounced_hard")
    numbered = "select had, row_number() over (partition by contact_id order by sent_at) as nth from letters"
    rates = "avg(had) filter (nth = 1), avg(had) filter (nth > 1)"
    first, later = files.execute(f"select {rates} from ({numbered})").fetchall()[0]
    assert first > 5 * later > 0


def test_recent_buyers_open_more(files: duckdb.DuckDBPyConnection) -> None:
    _had(files, "opened")
    latest = "select had, sent_at - ordered_at as silence from letters asof join crm_orders"
    latest += " on letters.contact_id = crm_orders.contact_id and sent_at >= ordered_at"
    rates = "avg(had) filter (silence < interval 60 day), avg(had) filter (silence > interval 120 day)"
    recent, silent = files.execute(f"select {rates} from ({latest})").fetchall()[0]
    assert recent > 1.5 * silent > 0


def test_some_opens_are_by_machines_or_unknown(files: duckdb.DuckDBPyConnection) -> None:
    shares = dict(
        files.execute(
            "select actor, count(*) / sum(count(*)) over () from esp_events where event = 'opened' group by 1"
        ).fetchall()
    )
    assert set(shares) == {"human", "machine", "unknown"}
    assert 0.6 < shares["human"] < 0.9
    assert 0.02 < shares["unknown"] < 0.1


def test_writing_twice_gives_the_same_files(cdnow_landing: Path, cdnow_wheel: Path, tmp_path: Path) -> None:
    cdnow.write(tmp_path, cdnow_wheel)
    again = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert again == {file.name: file.read_bytes() for file in cdnow_landing.iterdir()}


def test_the_wheel_is_kept_beside_the_landing_folder(
    cdnow_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / cdnow_wheel.name).write_bytes(cdnow_wheel.read_bytes())
    report = cdnow.write(tmp_path / "landing")
    assert report.figures["log"]["lines"] == 69_659


def test_a_company_landing_folder_is_left_as_it_is(tmp_path: Path, cdnow_wheel: Path) -> None:
    (tmp_path / "crm_orders.csv").write_text("order_id\n")
    with pytest.raises(BadInput, match=r"crm_orders\.csv"):
        cdnow.write(tmp_path, cdnow_wheel)
    assert [file.name for file in tmp_path.iterdir()] == ["crm_orders.csv"]
