"""What an erasure has to reach, asked of a warehouse after a night with everything in it: every column that holds
an id, an address or a name is declared, and every model is rebuilt or has a key to delete by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pushing import NIGHT, adapter, make_warehouse, settings_for
from raw_rows import add, contact, event, order, rows, send
from sandboxes import set_shares

from reveil import transform
from reveil.push import gather, plan, push, sync_regular
from reveil.rules import write_rules
from reveil.sandbox import running
from reveil.settings import Settings
from reveil.warehouse import Warehouse

PERSON = "person-"
"""In every id and address of the warehouse's people; their first names begin with First."""
MARKS = ("contact_key", "personal", "mailbox_key")
Column = tuple[str, str, str]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("targets")
    with running(folder / "sandbox", clock=NIGHT) as handle:
        set_shares(handle)
        settings = settings_for(folder / "data", handle)
        make_warehouse(settings, 9, PERSON)
        with Warehouse(settings).write("test") as connection:
            connection.execute(
                "create table marts.regular_audience as select contact_id, 'weekly' as frequency,"
                " $as_of::timestamp as as_of from raw.crm_contacts limit 3",
                {"as_of": NIGHT},
            )
        sync_regular(settings, adapter(settings), NIGHT, now=NIGHT)
        plan(settings, NIGHT, now=NIGHT)
        push(settings, adapter(settings), NIGHT, now=NIGHT)
        gather(settings, adapter(settings), NIGHT)
    fill(settings)
    with Warehouse(settings).write("test") as connection:
        connection.execute("drop schema seeds cascade")  # stand-ins of the push's tests; the build makes the real ones
    write_rules(settings)
    transform.build(settings, NIGHT + timedelta(days=2))
    return settings


def fill(settings: Settings) -> None:
    """Rows in the tables that the push has left empty."""
    with Warehouse(settings).write("test") as connection:
        connection.execute("update raw.crm_contacts set business_line = 'fashion'")
    one, long_ago = f"{PERSON}001", "1995-03-01"
    add(
        settings,
        "raw.crm_contacts",
        contact(f"{PERSON}old", hold_reason=f"dispute of {PERSON}old", signed_up_at=long_ago),
    )
    add(settings, "raw.crm_orders", *(order(f"o{n}", one, f"199{n}-05-01") for n in range(4, 8)))
    add(settings, "raw.crm_logins", {"contact_id": one, "logged_in_at": "1997-05-01"})
    add(settings, "raw.crm_interactions", {"contact_id": one, "occurred_at": "1997-05-01", "interaction": "visit"})
    add(settings, "raw.crm_preferences", {"contact_id": one, "set_at": "1997-05-01", "frequency": "weekly"})
    request = {"request_id": "r1", "email": f"{PERSON}002@gmail.example", "requested_at": "1998-06-30"}
    add(settings, "raw.crm_erasure_requests", request)
    url = f"https://shop.example/?who={PERSON}001"
    add(settings, "raw.esp_sends", send(one, "1997-05-01"), send(one, "1998-06-20"))
    add(settings, "raw.esp_events", event("e1", one, "clicked", "1997-05-01", actor="human", url=url))
    add(settings, "raw.esp_events", event("e2", one, "opened", "1998-06-21", actor="human"))
    add(settings, "raw.last_opens", {"contact_id": one, "last_open_date": "1998-06-21"})
    budget = {"budget": "b", "batch_key": "k", "contact_id": one, "amount": 1, "currency": "EUR", "entry": "committed"}
    add(settings, "journal.budget_entries", budget | {"as_of": NIGHT})
    planned = {"campaign": "winback", "enrolment": 1, "step": "s", "message": "m", "language": "en", "priority": 1}
    checked = {"is_mailable": True, "has_address": True, "mailbox_id": f"mailbox of {PERSON}001"}
    add(settings, "journal.audience", planned | checked | {"contact_id": one, "as_of": NIGHT})
    frozen = {"run_id": "R1", "contact_id": one, "reason": "retention", "as_of": NIGHT}
    add(settings, "journal.erasure_freezes", frozen)
    readmitted = {"contact_id": one, "erased_at": "1996-01-01", "had_objected": False, "as_of": NIGHT}
    add(settings, "journal.readmissions", readmitted)
    frozen = {"run_id": "one", "contact_id": one, "reason": "retention", "as_of": NIGHT}
    add(settings, "journal.erasure_freezes", frozen)


@pytest.fixture(scope="module")
def manifest(settings: Settings) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((settings.dbt_target / "manifest.json").read_text())
    return document


@pytest.fixture(scope="module")
def declared(manifest: dict[str, Any]) -> set[Column]:
    return {
        (node["schema"], node["name"], column["name"])
        for node in [*manifest["nodes"].values(), *manifest["sources"].values()]
        for column in node.get("columns", {}).values()
        if any(column["config"]["meta"].get(mark) for mark in MARKS)
    }


def holding(settings: Settings) -> set[Column]:
    """The columns of tables and views, of whatever type, in whose values an id, an address or a name stands."""
    listed = "select schema_name, table_name, list(column_name) from duckdb_columns() where not internal group by all"
    found = set()
    with Warehouse(settings).read("test") as connection:
        for schema, table, columns in connection.execute(listed).fetchall():
            texts = [f'cast("{column}" as varchar)' for column in columns]
            seen = ", ".join(f"bool_or(contains({text}, '{PERSON}') or {text} like 'First_')" for text in texts)
            [row] = connection.execute(f"select {seen} from {schema}.{table}").fetchall()
            found |= {(schema, table, column) for column, is_there in zip(columns, row, strict=True) if is_there}
    return found


def test_every_column_that_holds_a_person_is_declared(settings: Settings, declared: set[Column]) -> None:
    found = holding(settings)
    assert found - declared == set()
    # the search can see: these are there
    tables = {(schema, table) for schema, table, _ in found}
    assert {("raw", "crm_orders"), ("journal", "batch_contacts"), ("marts", "contact_status")} <= tables
    assert ("raw", "esp_events", "url") in found


def test_every_table_that_may_hold_a_person_held_one(settings: Settings, declared: set[Column]) -> None:
    """Where nobody stood, nothing was proven: a new table needs a row in `fill`."""
    keys = {(schema, table) for schema, table, column in declared if column == "contact_id"}
    empty = {key for key in keys if key[0] in ("raw", "journal") and not rows(settings, f"from {key[0]}.{key[1]}")}
    assert empty == set()


def test_an_undeclared_column_would_be_seen(settings: Settings, declared: set[Column]) -> None:
    with Warehouse(settings).write("test") as connection:
        connection.execute(f"create table journal.planted as select ['x', '{PERSON}001@gmail.example'] as notes")
    try:
        assert holding(settings) - declared == {("journal", "planted", "notes")}
    finally:
        with Warehouse(settings).write("test") as connection:
            connection.execute("drop table journal.planted")


def test_every_model_is_rebuilt_or_can_be_deleted_from(manifest: dict[str, Any], settings: Settings) -> None:
    """A model that outlives a build needs a contact key to delete by, or columns in which no person fits."""
    models = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "snapshot")]
    kept = [node for node in models if node["config"]["materialized"] not in ("view", "table", "ephemeral")]
    assert {node["name"] for node in kept} >= {"int_settled_events"}
    types = "select schema_name || '.' || table_name, data_type from duckdb_columns() where not internal"
    texts = {table for table, kind in rows(settings, types) if "VARCHAR" in kind or kind in ("BLOB", "JSON")}
    unreachable = [
        node["name"]
        for node in kept
        if not any(column["config"]["meta"].get("contact_key") for column in node["columns"].values())
        and f"{node['schema']}.{node['name']}" in texts
    ]
    assert unreachable == []


def test_the_warehouse_holds_no_table_that_nobody_describes(manifest: dict[str, Any], settings: Settings) -> None:
    described = {
        (node["schema"], node["name"]) for node in [*manifest["nodes"].values(), *manifest["sources"].values()]
    }
    there = rows(settings, "select schema_name, table_name from duckdb_tables() where not internal")
    assert set(there) - described <= {("archive", "orders")}
