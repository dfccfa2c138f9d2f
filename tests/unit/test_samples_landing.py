"""Sample files never mix with a company's, and appear all at once or not at all."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from reveil.errors import BadInput
from reveil.samples.landing import FILES, refuse_company_files, write_tables


@pytest.fixture
def tables() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema landing")
    for table in FILES:
        connection.execute(f"create table landing.{table} as select 'x' as contact_id, 1 as number")
    return connection


@pytest.mark.parametrize("name", ["crm_orders.csv", "crm_orders/2026-11-21.csv.gz", "sample.csv"])
def test_a_folder_with_company_files_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("order_id\n")
    with pytest.raises(BadInput, match="no sample"):
        refuse_company_files(tmp_path)


def test_sample_files_and_hidden_files_are_no_company_files(tmp_path: Path) -> None:
    for name in ("crm_orders.sample.csv.gz", ".gitkeep", ".crm_orders.sample.csv.gz.unfinished"):
        (tmp_path / name).touch()
    refuse_company_files(tmp_path)


def test_a_folder_that_does_not_exist_holds_no_company_files(tmp_path: Path) -> None:
    refuse_company_files(tmp_path / "landing")


def test_files_are_named_by_table_with_the_infix_of_samples(tmp_path: Path, tables: duckdb.DuckDBPyConnection) -> None:
    rows = write_tables(tables, tmp_path / "landing")
    assert sorted(file.name for file in (tmp_path / "landing").iterdir()) == sorted(rows)
    assert set(rows) == {f"{table}.sample.{kind}" for table, kind in FILES.items()}
    assert set(rows.values()) == {1}


def test_a_failed_write_leaves_the_earlier_files_whole_and_nothing_else(
    tmp_path: Path, tables: duckdb.DuckDBPyConnection
) -> None:
    write_tables(tables, tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    tables.execute("insert into landing.crm_contacts values ('y', 2)")
    tables.execute("drop table landing.postmaster_rates")
    with pytest.raises(duckdb.Error):
        write_tables(tables, tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
