"""The YAML of the models tells the truth about the warehouse: every table and column described, whatever
identifies a person marked."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from raw_rows import add, contact, rows, settings_at

from reveil import transform
from reveil.settings import Settings

KEYS = {"contact_id": "contact_key", "mailbox_id": "mailbox_key"}
PERSONAL = {"email", "normalised_email", "first_name", "last_name", "hold_reason", "esp_id", "url"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_at(tmp_path_factory.mktemp("documented"))
    add(settings, "raw.crm_contacts", contact("1"))
    transform.build(settings, datetime(2026, 11, 22), unit_tests=True)
    return settings


@pytest.fixture(scope="module")
def manifest(built: Settings) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((built.dbt_target / "manifest.json").read_text())
    return document


@pytest.fixture(scope="module")
def columns(built: Settings) -> dict[tuple[str, str], set[str]]:
    """Column names per (schema, table) of the warehouse."""
    query = "select schema_name, table_name, list(column_name) from duckdb_columns() where not internal group by all"
    return {(schema, table): set(names) for schema, table, names in rows(built, query)}


def test_unit_tests_ran_and_passed(built: Settings) -> None:
    log = (built.dbt_logs / "nodes.log").read_text()
    assert log.count("unit_test.reveil.") >= 20
    assert "fail" not in log


def test_every_raw_journal_and_rules_table_and_column_is_a_described_source(
    manifest: dict[str, Any], columns: dict[tuple[str, str], set[str]]
) -> None:
    declared = {(source["schema"], source["name"]): set(source["columns"]) for source in manifest["sources"].values()}
    owned = {key: names for key, names in columns.items() if key[0] in ("raw", "journal", "rules")}
    assert declared == owned
    for source in manifest["sources"].values():
        assert source["description"]
        assert all(column["description"] for column in source["columns"].values()), source["name"]


def test_every_mart_has_an_enforced_contract_and_describes_itself(manifest: dict[str, Any]) -> None:
    marts = [node for node in manifest["nodes"].values() if node["schema"] == "marts"]
    models = [node for node in marts if node["resource_type"] == "model"]
    assert {node["name"] for node in models} >= {
        "contacts",
        "contact_recency",
        "contact_status",
        "next_step",
        "erasure_due",
    }
    for node in models:
        assert node["contract"]["enforced"], node["name"]
        assert node["description"]
        assert all(column["description"] for column in node["columns"].values()), node["name"]


def test_every_column_that_identifies_a_person_is_marked(
    manifest: dict[str, Any], columns: dict[tuple[str, str], set[str]]
) -> None:
    marks = {
        (node["schema"], node["name"], column["name"]): column["config"]["meta"]
        for node in [*manifest["nodes"].values(), *manifest["sources"].values()]
        for column in node.get("columns", {}).values()
    }
    unmarked = [
        (schema, table, name)
        for (schema, table), names in columns.items()
        for name in names & (KEYS.keys() | PERSONAL)
        # the campaign files are written before anybody is known: a link there is everybody's
        if not (schema == "rules" or table.startswith("stg_rules__"))
        and not marks.get((schema, table, name), {}).get(KEYS.get(name, "personal"))
    ]
    assert unmarked == []


def test_addresses_and_names_leave_staging_for_contacts_alone(
    columns: dict[tuple[str, str], set[str]],
) -> None:
    tables = {
        f"{schema}.{table}"
        for (schema, table), names in columns.items()
        if schema in ("intermediate", "marts") and names & PERSONAL
    }
    assert tables == {"marts.contacts"}


def test_what_the_models_are_told_is_what_the_settings_say() -> None:
    """The defaults in dbt_project.yml serve a hand-run dbt; they must not drift from the settings'."""
    import yaml

    settings = Settings()
    project = yaml.safe_load((settings.dbt_project / "dbt_project.yml").read_text())
    assert project["vars"]["drifting_days"] == settings.status.drifting_days
    assert project["vars"]["ahead_days"] == settings.erasure.ahead_days
    assert project["vars"]["min_days_between_messages"] == settings.push.min_days_between_messages
    assert Path(settings.dbt_project / "profiles.yml").is_file()
