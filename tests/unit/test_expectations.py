"""Suites are read word by word: what is misspelt is refused, what is shipped is complete."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import yaml

from reveil.errors import BadInput
from reveil.quality.suites import GROUPS, KINDS, parameters, read, read_one
from reveil.raw_tables import RAW_TABLES
from reveil.settings import PROJECT, Settings

AS_OF = datetime(1998, 7, 1)
VALUES = parameters(Settings(), AS_OF)
SHIPPED = sorted((PROJECT / "expectations").glob("*/*.yml"))
GOOD = {
    "table": "raw.crm_orders",
    "note": "why",
    "expectations": [
        {"id": "one", "type": "expect_column_values_to_be_unique", "note": "why", "kwargs": {"column": "a"}}
    ],
}


def _suite(folder: Path, **changes: object) -> Path:
    file = folder / "orders.yml"
    file.write_text(yaml.safe_dump({**GOOD, **changes}), encoding="utf-8")
    return file


def _expectation(folder: Path, **changes: object) -> Path:
    return _suite(folder, expectations=[{**GOOD["expectations"][0], **changes}])  # type: ignore[index, dict-item]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"type": "expect_column_values_to_be_uniqe"}, "expectations.0.type: Value error, no such expectation"),
        ({"type": "expect_column_values_to_match_regex"}, "allowed: expect_column_values_to_not_be_null"),
        ({"kwargs": {"colum": "a"}}, "kwargs.colum: expect_column_values_to_be_unique has no such argument"),
        ({"kwargs": {"colum": "a"}}, "allowed: column, mostly"),
        ({"kwargs": {}}, "kwargs.column: missing"),
        ({"severity": "warning"}, "expectations.0.severity: Input should be 'block' or 'warn'"),
        ({"id": "One two"}, "expectations.0.id"),
        ({"note": ""}, "expectations.0.note"),
        ({"notes": "why"}, "expectations.0.notes: Extra inputs are not permitted"),
        ({"kwargs": {"column": "{asof}"}}, "one: {asof} is no parameter; allowed: {as_of}, {max_audience}"),
        ({"type": "expect_no_rows", "kwargs": {"query": "select {now}"}}, "one: {now} is no parameter"),
    ],
)
def test_a_misspelt_expectation_is_refused_with_file_key_and_what_is_allowed(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    file = _expectation(tmp_path, **changes)
    with pytest.raises(BadInput) as refused:
        read_one(file, VALUES)
    assert str(refused.value).startswith(f"{file}: ")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"table": "orders"}, "table: "),
        ({"note": None}, "note: "),
        ({"expectations": []}, "expectations: "),
        ({"expectations": GOOD["expectations"] * 2}, "the id one stands twice"),  # type: ignore[operator]
        ({"name": "x"}, "name: not allowed"),
        ({"owner": "x"}, "owner: Extra inputs are not permitted"),
    ],
)
def test_a_suite_that_is_not_whole_is_refused(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        read_one(_suite(tmp_path, **changes), VALUES)


def test_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "orders.yml").write_text("table: raw.t\nnote: [\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"orders\.yml, line \d+: not valid YAML"):
        read(tmp_path, VALUES)


def test_a_file_that_is_no_block_is_refused(tmp_path: Path) -> None:
    (tmp_path / "orders.yml").write_text("- a\n", encoding="utf-8")
    with pytest.raises(BadInput, match="must be a block"):
        read(tmp_path, VALUES)


def test_a_folder_without_suites_does_not_let_everything_through(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing would be checked"):
        read(tmp_path, VALUES)


def test_a_suite_under_another_ending_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match=r"orders\.yaml: name it \.yml"):
        read(tmp_path, VALUES)


def test_a_parameter_in_a_value_keeps_its_type(tmp_path: Path) -> None:
    file = _expectation(
        tmp_path,
        type="expect_column_values_to_be_between",
        kwargs={"column": "a", "min_value": "{as_of}", "max_value": "{max_audience}"},
    )
    kwargs = read_one(file, VALUES).expectations[0].kwargs
    assert kwargs == {"column": "a", "min_value": AS_OF, "max_value": Settings().push.max_audience}


def test_a_parameter_in_sql_is_a_typed_literal_and_other_braces_stay(tmp_path: Path) -> None:
    query = "select 1 where a < {as_of} and n > {max_audience} and regexp_matches(c, '[A-Z]{3}')"
    file = _expectation(tmp_path, type="expect_no_rows", kwargs={"query": query})
    filled = read_one(file, parameters(Settings(), datetime(1998, 7, 1, 2, 30))).expectations[0].kwargs["query"]
    assert filled == (
        "select 1 where a < timestamp '1998-07-01 02:30:00' and n > 100000 and regexp_matches(c, '[A-Z]{3}')"
    )


def test_every_group_has_a_folder_and_every_file_belongs_to_one() -> None:
    assert {file.parent.name for file in SHIPPED} == set(GROUPS)
    everything = {path for path in (PROJECT / "expectations").rglob("*") if path.is_file()}
    assert everything == {*SHIPPED, PROJECT / "expectations" / "README.md"}


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_shipped_suite_is_well_formed_and_named_after_its_table(file: Path) -> None:
    suite = read_one(file, VALUES)
    schema = {"raw": "raw", "marts": "marts", "audience": "journal"}[file.parent.name]
    assert suite.table == f"{schema}.{file.stem}"


def test_every_raw_table_has_a_suite() -> None:
    suites = {suite.table.removeprefix("raw.") for suite in read(PROJECT / "expectations" / "raw", VALUES)}
    assert suites == {table.name for table in RAW_TABLES} | {"rejects"}


def test_every_mart_that_a_dag_reads_has_a_suite() -> None:
    suites = {suite.name for suite in read(PROJECT / "expectations" / "marts", VALUES)}
    assert suites == {
        *("contacts", "contact_recency", "contact_status", "regular_audience", "next_step", "erasure_due"),
        *("deliverability", "campaign_position", "campaign_messages", "held_back", "campaign_results", "campaign_lift"),
    }


def test_raw_suites_allow_the_values_that_the_load_allows() -> None:
    sets = {
        (suite.name, expectation.kwargs["column"]): set(expectation.kwargs["value_set"])
        for suite in read(PROJECT / "expectations" / "raw", VALUES)
        for expectation in suite.expectations
        if "value_set" in expectation.kwargs
    }
    declared = {
        (table.name, column.name): set(column.values)
        for table in RAW_TABLES
        for column in table.columns
        if column.values and column.type == "VARCHAR"
    }
    assert sets == declared


def test_raw_suites_require_keys_and_check_that_they_are_unique() -> None:
    for table in RAW_TABLES:
        suite = read_one(PROJECT / "expectations" / "raw" / f"{table.name}.yml", VALUES)
        required = {column.name for column in table.columns if column.required}
        present = {
            expectation.kwargs["column"]
            for expectation in suite.expectations
            if expectation.type == "expect_column_values_to_not_be_null" and expectation.severity == "block"
        }
        unique = [
            set(expectation.kwargs.get("column_list", [expectation.kwargs.get("column")]))
            for expectation in suite.expectations
            if expectation.type.endswith("to_be_unique")
        ]
        key = table.key or table.column_names
        assert set(key) <= present, table.name
        assert required <= present, table.name
        assert unique == [set(key)], table.name


def test_the_list_of_allowed_kinds_holds_none_that_nobody_uses() -> None:
    used = {e.type for file in SHIPPED for e in read_one(file, VALUES).expectations}
    assert used == set(KINDS)
