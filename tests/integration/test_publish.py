"""The published copy: no personal data, whole at every instant, readable while the warehouse is written."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from raw_rows import add, contact, order, rows, settings_at, winback

from reveil import transform
from reveil.errors import BadInput, Refused
from reveil.publish import publish
from reveil.settings import Settings
from reveil.warehouse import Warehouse

AS_OF = datetime(2026, 11, 22, 3)
SECRET = "zebulon.marker"
MARTS = {"contacts", "contact_recency", "contact_status", "next_step", "erasure_due"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A night of two contacts, one of whom is told by name."""
    settings = settings_at(tmp_path_factory.mktemp("published"))
    who = {"email": f"{SECRET}@gmail.example", "first_name": SECRET, "last_name": SECRET, "hold_reason": SECRET}
    add(settings, "raw.crm_contacts", contact("1", signed_up_at="2026-01-01", **who), contact("2"))
    add(settings, "raw.crm_orders", order("a", "1", "2025-11-01"))
    winback(settings)
    transform.build(settings, AS_OF)
    return settings


@pytest.fixture(scope="module")
def published(built: Settings) -> Settings:
    publish(built)
    return built


def read(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(settings.published, read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_the_copy_holds_every_mart_and_rule_table(published: Settings) -> None:
    tables = dict(read(published, "select table_name, schema_name from duckdb_tables()"))
    assert {name for name, schema in tables.items() if schema == "marts"} >= MARTS
    assert tables["status_thresholds"] == "seeds"
    for mart in MARTS:
        count = f"select count(*) from marts.{mart}"
        assert read(published, count) == rows(published, count), mart


def test_the_copy_has_no_personal_column_and_keeps_the_keys(published: Settings) -> None:
    columns = {name for (name,) in read(published, "select column_name from duckdb_columns() where not internal")}
    assert columns.isdisjoint({"email", "normalised_email", "first_name", "last_name", "hold_reason", "url"})
    assert {"contact_id", "mailbox_id"} <= columns


def test_no_value_of_a_personal_column_is_anywhere_in_the_copy(published: Settings) -> None:
    """Every column as text, since compression hides strings from a search of the file's bytes."""
    tables = read(published, "select schema_name, table_name from duckdb_tables()")
    texts = [str(row) for schema, table in tables for row in read(published, f"select * from {schema}.{table}")]
    assert SECRET in str(rows(published, "select * from marts.contacts"))
    assert texts
    assert not any(SECRET in text for text in texts)
    assert SECRET.encode() not in published.published.read_bytes()


def test_descriptions_travel_as_comments(published: Settings) -> None:
    query = "select comment from duckdb_columns() where table_name = 'contact_status' and column_name = 'rule'"
    assert "fresh_signal" in str(read(published, query))
    assert all(
        comment for (comment,) in read(published, "select comment from duckdb_tables() where schema_name = 'marts'")
    )


def test_older_clients_can_read_the_storage(published: Settings) -> None:
    query = "select tags['storage_version'] from duckdb_databases() where database_name = 'published'"
    assert "v1.4" in str(read(published, query))


def test_another_process_reads_the_copy_while_a_build_writes(published: Settings) -> None:
    code = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchall())"
    query = "select count(*) from marts.contacts"
    with Warehouse(published).write("build") as connection:
        connection.execute("create or replace table main.busy as select 1 as i")
        told = subprocess.run(
            [sys.executable, "-c", code, str(published.published), query],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert told.stdout.strip() == "[(2,)]"


def test_a_reader_of_the_old_copy_reads_on_and_the_next_one_sees_the_new(published: Settings) -> None:
    with duckdb.connect(published.published, read_only=True) as old:
        before = old.execute("select count(*) from marts.contacts").fetchall()
        publish(published)
        assert old.execute("select count(*) from marts.contacts").fetchall() == before
    assert read(published, "select count(*) from marts.contacts") == before


def test_a_kill_before_the_swap_leaves_the_old_copy_whole(published: Settings) -> None:
    digest = published.published.read_bytes()
    code = (
        "import os, signal, sys; from pathlib import Path; from reveil import publish; "
        "from reveil.settings import Settings; "
        "publish._swap = lambda *paths: os.kill(os.getpid(), signal.SIGKILL); "
        "publish.publish(Settings(data=Path(sys.argv[1])))"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(published.data)], timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert published.published.with_suffix(".duckdb.new").exists()
    assert published.published.read_bytes() == digest
    publish(published)
    assert not published.published.with_suffix(".duckdb.new").exists()
    assert read(published, "select count(*) from marts.contacts") == [(2,)]


def test_marts_of_two_nights_are_not_published(published: Settings) -> None:
    with Warehouse(published).write("test") as connection:
        connection.execute("update marts.contact_status set as_of = as_of - interval 1 day")
    digest = published.published.read_bytes()
    try:
        with pytest.raises(Refused, match="several nights"):
            publish(published)
    finally:
        with Warehouse(published).write("test") as connection:
            connection.execute("update marts.contact_status set as_of = as_of + interval 1 day")
    assert published.published.read_bytes() == digest


def test_nothing_is_published_before_a_build(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing was built yet"):
        publish(settings_at(tmp_path))
    assert not settings_at(tmp_path).published.exists()
