"""Online Retail II: every line and invoice is accounted for, kept or set aside."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reveil.errors import BadInput
from reveil.report import Report
from reveil.samples import online_retail

SET_ASIDE = {"no_customer", "stock_adjustment", "zero_price", "negative_price", "wrong_sign", "bad_debt"}
KEPT = {"goods", "charge", "cancellation"}

# invoice, article, description, quantity, local time, price, customer, country
LINES = [
    ("500001", "85048", "BALL", 12, "2010-07-01 10:00:00", 6.95, 13085, "United Kingdom"),
    ("500001", "85048", "BALL", 12, "2010-07-01 10:00:00", 6.95, 13085, "United Kingdom"),
    ("500001", "POST", "POSTAGE", 1, "2010-07-01 10:01:00", 0.125, 13085, "United Kingdom"),
    ("500001", "22041", "GIFT", 1, "2010-07-01 10:00:00", 0.0, 13085, "United Kingdom"),
    ("C500002", "85048", "BALL", -2, "2010-12-01 10:00:00", 6.95, 13085, "France"),
    ("500003", "85048", "BALL", 1, "2010-07-02 10:00:00", 6.95, None, "United Kingdom"),
    ("500004", "22041", "damaged", -5, "2010-07-02 10:00:00", 0.0, None, "United Kingdom"),
    ("500005", "22041", "GIFT", 1, "2010-07-02 10:00:00", 0.0, 13086, "EIRE"),
    ("500006", "22041", "GIFT", 1, "2010-07-02 10:00:00", -1.0, 13086, "EIRE"),
    ("C500007", "22041", "GIFT", 1, "2010-07-02 10:00:00", 1.0, 13086, "EIRE"),
    ("A500008", "B", "Adjust bad debt", 1, "2010-07-02 10:00:00", -53594.36, None, "United Kingdom"),
]


def _write_lines(path: Path, lines: list[tuple[Any, ...]]) -> Path:
    with duckdb.connect() as connection:
        connection.execute(
            "create table lines (Invoice varchar, StockCode varchar, Description varchar, Quantity bigint, "
            "InvoiceDate timestamp, Price double, CustomerID bigint, Country varchar)"
        )
        connection.executemany("insert into lines values (?, ?, ?, ?, ?, ?, ?, ?)", lines)
        connection.table("lines").write_parquet(str(path))
    return path


def _rows(landing: Path, table: str, columns: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        file = connection.read_csv(str(landing / f"{table}.sample.csv.gz"), header=True, all_varchar=True)
        return file.project(columns).order("all").fetchall()


def test_lines_are_added_up_per_invoice_and_cancellations_are_negative_returns(tmp_path: Path) -> None:
    online_retail.write(tmp_path / "landing", _write_lines(tmp_path / "lines.parquet", LINES))
    columns = "order_id, contact_id, ordered_at, amount, currency, status, business_line"
    assert _rows(tmp_path / "landing", "crm_orders", columns) == [
        # 2 x 12 x 6.95 + 0.125, on British summer time
        ("500001", "13085", "2010-07-01 09:00:00", "166.93", "GBP", "paid", "gifts"),
        ("C500002", "13085", "2010-12-01 10:00:00", "-13.90", "GBP", "returned", "gifts"),
    ]


def test_each_line_belongs_to_one_class(tmp_path: Path) -> None:
    report = online_retail.write(tmp_path / "landing", _write_lines(tmp_path / "lines.parquet", LINES))
    lines_in = {name: row["lines_in"] for name, row in report.figures["classes"].items()}
    assert lines_in == {
        "goods": 2,
        "charge": 1,
        "cancellation": 1,
        "zero_price": 2,
        "no_customer": 1,
        "stock_adjustment": 1,
        "negative_price": 1,
        "wrong_sign": 1,
        "bad_debt": 1,
    }
    log = report.figures["log"]
    assert (log["invoices_in"], log["invoices_kept"], log["invoices_set_aside"]) == (8, 2, 6)
    assert (log["invoices_kept_in_part"], log["repeated_lines_kept"]) == (1, 1)


def test_a_customer_lives_where_the_latest_invoice_says(tmp_path: Path) -> None:
    online_retail.write(tmp_path / "landing", _write_lines(tmp_path / "lines.parquet", LINES))
    customers = _rows(tmp_path / "landing", "crm_contacts", "contact_id, country, language, contact_kind")
    assert customers == [
        ("13085", "France", "fr", "customer"),
        ("13086", "EIRE", "en", "customer"),
    ]


def test_lines_in_are_lines_kept_plus_lines_set_aside_per_class(
    online_retail_sample: tuple[Path, Report], invoice_lines: Path
) -> None:
    classes = online_retail_sample[1].figures["classes"]
    assert set(classes) == KEPT | SET_ASIDE
    for name, row in classes.items():
        assert row["lines_in"] == row["lines_kept"] + row["lines_set_aside"]
        assert row["lines_kept" if name in SET_ASIDE else "lines_set_aside"] == 0
    log = online_retail_sample[1].figures["log"]
    assert sum(row["lines_in"] for row in classes.values()) == log["lines_in"] == 1_044_847
    assert log["lines_kept"] + log["lines_set_aside"] == log["lines_in"]
    assert _count(invoice_lines, "CustomerID is not null and Price > 0") == log["lines_kept"]


def test_invoices_in_are_orders_plus_invoices_set_aside(
    online_retail_sample: tuple[Path, Report], invoice_lines: Path
) -> None:
    landing, report = online_retail_sample
    log = report.figures["log"]
    assert log["invoices_in"] == log["invoices_kept"] + log["invoices_set_aside"] == 53_628
    orders = {row[0] for row in _rows(landing, "crm_orders", "order_id")}
    with duckdb.connect() as connection:
        lines = connection.read_parquet(str(invoice_lines))
        kept = lines.filter("CustomerID is not null and Price > 0").project("Invoice").distinct().fetchall()
    assert orders == {invoice for (invoice,) in kept}
    assert len(orders) == log["invoices_kept"]


def test_the_published_figures_are_those_of_the_paid_orders(
    online_retail_sample: tuple[Path, Report],
) -> None:
    landing, report = online_retail_sample
    paid = [row for row in _rows(landing, "crm_orders", "contact_id, status") if row[1] == "paid"]
    assert (len(paid), len(set(paid))) == (36_969, 5_878)
    customers = [row for row in _rows(landing, "crm_contacts", "contact_kind") if row == ("customer",)]
    assert len(customers) == report.figures["log"]["customers"] == 5_942


def test_spend_net_of_returns_is_what_the_lines_say(
    online_retail_sample: tuple[Path, Report], invoice_lines: Path
) -> None:
    amounts = [float(amount) for (amount,) in _rows(online_retail_sample[0], "crm_orders", "amount")]
    with duckdb.connect() as connection:
        lines = connection.read_parquet(str(invoice_lines)).filter("CustomerID is not null and Price > 0")
        expected = lines.aggregate("sum(Quantity * Price)").fetchall()[0][0]
    assert sum(amounts) == pytest.approx(expected, abs=1)


def test_nothing_is_dated_after_the_last_day(online_retail_sample: tuple[Path, Report]) -> None:
    end = datetime(2011, 12, 10)
    with duckdb.connect() as connection:
        for table in ("esp_sends", "esp_events"):
            file = connection.read_parquet(str(online_retail_sample[0] / f"{table}.sample.parquet"))
            instant = "sent_at" if table == "esp_sends" else "occurred_at"
            assert file.aggregate(f"max({instant})").fetchall()[0][0] < end
    for table, instant in (("crm_contacts", "updated_at"), ("crm_logins", "logged_in_at")):
        assert max(_rows(online_retail_sample[0], table, instant))[0] < end.isoformat(" ")


def test_rates_are_near_a_real_senders(online_retail_sample: tuple[Path, Report]) -> None:
    rates = online_retail_sample[1].figures["rates"]
    assert rates["opened"] == pytest.approx(0.186, rel=0.05)
    assert rates["clicked"] == pytest.approx(0.011, rel=0.1)
    assert rates["bounced_hard"] == pytest.approx(0.0070, rel=0.1)


@pytest.mark.parametrize("found", ["nothing", "text", "another table"])
def test_a_file_that_is_not_the_log_is_named(tmp_path: Path, found: str) -> None:
    source = tmp_path / "lines.parquet"
    if found == "text":
        source.write_text("Invoice,StockCode\n")
    if found == "another table":
        with duckdb.connect() as connection:
            connection.sql("select 1 as Invoice").write_parquet(str(source))
    with pytest.raises(BadInput, match=r"lines\.parquet"):
        online_retail.write(tmp_path / "landing", source)
    assert not (tmp_path / "landing").exists()


def test_a_company_landing_folder_is_left_as_it_is(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "crm_orders.csv").write_text("order_id\n")
    with pytest.raises(BadInput, match=r"crm_orders\.csv"):
        online_retail.write(landing, _write_lines(tmp_path / "lines.parquet", LINES))
    assert [file.name for file in landing.iterdir()] == ["crm_orders.csv"]


def _count(invoice_lines: Path, condition: str) -> int:
    with duckdb.connect() as connection:
        lines = connection.read_parquet(str(invoice_lines)).filter(condition)
        return int(lines.aggregate("count(*)").fetchall()[0][0])
