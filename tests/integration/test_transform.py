"""A build: what it refuses, what it lets others do afterwards, and that it repeats nobody's data."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from raw_rows import add, by_contact, contact, order, rows, settings_at

from reveil import transform
from reveil.errors import BadInput, Refused
from reveil.settings import PROJECT, Settings
from reveil.warehouse import Warehouse

AS_OF = datetime(2026, 11, 22, 3)
SECRET = "zebulon.marker"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_at(tmp_path_factory.mktemp("built"))
    add(settings, "raw.crm_contacts", contact("1", signed_up_at="2026-01-01"), contact("2"))
    add(settings, "raw.crm_orders", order("a", "1", "2026-11-01"), order("b", "1", "2026-11-22"))
    transform.build(settings, AS_OF)
    return settings


@pytest.fixture
def broken(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a copy of the project with files replaced, and one contact in its warehouse."""

    def make(**files: str) -> Settings:
        project = tmp_path / "project"
        shutil.copytree(PROJECT / "dbt_project", project / "dbt_project")
        for name, text in files.items():
            target = project / "dbt_project" / name.replace("__", "/").replace("_DOT_", ".")
            target.parent.mkdir(exist_ok=True)
            target.write_text(text)
        settings = settings_at(tmp_path / "data", project=project, lock_wait_seconds=0)
        email = f"{SECRET}@mail.example"
        twins = [contact(name, email=email, first_name=SECRET, business_line="fashion") for name in "12"]
        add(settings, "raw.crm_contacts", *twins)
        return settings

    return make


def test_another_process_may_write_after_a_build(built: Settings) -> None:
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table main.t (i int); drop table main.t')"
    subprocess.run([sys.executable, "-c", code, str(built.warehouse)], check=True, timeout=60)


def test_the_same_night_again_gives_the_same_rows(built: Settings) -> None:
    before = by_contact(built, "marts.contact_status", "status, status_since, deciding_signal_at, as_of")
    report = transform.build(built, AS_OF, full_refresh=True)
    assert by_contact(built, "marts.contact_status", "status, status_since, deciding_signal_at, as_of") == before
    assert report.figures["contacts"] == len(before) == 2


def test_another_night_parses_nothing_anew(built: Settings) -> None:
    """dbt parses everything when a variable differs; so none of what it parses with may depend on the night."""
    limit = built.model_copy(update={"memory_limit": "3GB"})
    for settings, night in ((limit, AS_OF + timedelta(days=40)), (built, AS_OF)):
        transform.build(settings, night)
    told = json.loads((built.dbt_target / "perf_info.json").read_text())
    assert (told["path_count"] > 200, told["parsed_path_count"]) == (True, 0)


def test_what_occurs_at_the_instant_or_later_is_not_seen(built: Settings) -> None:
    """The order of 22 November at midnight is before 03:00, and not before midnight."""
    data = settings_at(built.data.parent / "midnight")
    data.data.mkdir()
    shutil.copy(built.warehouse, data.warehouse)
    transform.build(data, datetime(2026, 11, 22))
    assert by_contact(data, "marts.contact_recency", "order_count")["1"] == 1
    assert by_contact(built, "marts.contact_recency", "order_count")["1"] == 2


def test_the_marts_and_their_personal_columns_are_told(built: Settings) -> None:
    marts = {mart.name: mart for mart in transform.marts(built)}
    public = {column.name for column in marts["contacts"].public_columns}
    assert {"contact_id", "mailbox_id", "provider"} <= public
    assert public.isdisjoint({"email", "first_name", "last_name", "hold_reason"})
    assert "status_thresholds" in transform.seeds(built)


def test_marts_of_a_warehouse_never_built_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="run `reveil build` first"):
        transform.marts(settings_at(tmp_path))


def test_a_build_without_a_warehouse_says_load_first(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="run `reveil load` first"):
        transform.build(settings_at(tmp_path), AS_OF)
    assert not settings_at(tmp_path).warehouse.exists()


def test_a_second_build_says_who_holds_the_warehouse(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, lock_wait_seconds=0)
    add(settings, "raw.crm_contacts", contact("1"))
    with Warehouse(settings).exclusive("build"), pytest.raises(Refused, match=r"held by `build`"):
        transform.build(settings, AS_OF)


def test_an_unknown_business_line_is_named_before_anything_is_built(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    add(settings, "raw.crm_contacts", contact("1", business_line="cheese"), contact("2"))
    with pytest.raises(BadInput, match=r"1 contacts are of the business line 'cheese'.*status_thresholds.csv"):
        transform.build(settings, AS_OF)
    schemas = rows(settings, "select schema_name from duckdb_schemas() where not internal")
    assert ("marts",) not in schemas


def test_contacts_without_a_business_line_are_counted(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    add(settings, "raw.crm_contacts", contact("1", business_line=None))
    with pytest.raises(BadInput, match="1 contacts have no business line; set default_business_line"):
        transform.build(settings, AS_OF)


def test_a_wrong_threshold_is_refused_with_file_and_line(broken: Callable[..., Settings]) -> None:
    header = "business_line,contact_kind,signal,dormant_after_days,lost_after_days\n"
    settings = broken(seeds__status_thresholds_DOT_csv=header + "*,*,sign_up,10,20\nfashion,*,click,30,20\n")
    with pytest.raises(BadInput, match=r"status_thresholds.csv, line 3: lost_after_days"):
        transform.build(settings, AS_OF)


def test_a_model_that_fails_leaves_the_last_table_and_a_table_can_become_a_view(
    broken: Callable[..., Settings],
) -> None:
    settings = broken(models__intermediate__int_kind_DOT_sql="select 1 as n")
    model = settings.dbt_project / "models" / "intermediate" / "int_kind.sql"

    def built_anew(text: str) -> list[tuple[object, ...]]:
        model.write_text(text)
        transform.build_only(settings, AS_OF, ("int_kind",))
        return rows(settings, "select n from intermediate.int_kind")

    assert built_anew("select 1 as n") == [(1,)]
    with pytest.raises(Refused, match="int_kind"):
        built_anew(FAILING_CAST)
    assert rows(settings, "select n from intermediate.int_kind") == [(1,)]
    assert built_anew("{{ config(materialized='view') }}\nselect 2 as n") == [(2,)]
    assert built_anew("select 3 as n") == [(3,)]


FAILING_TEST = "select email from {{ ref('contacts') }} group by email having count(*) > 1\n"
FAILING_CAST = "select cast(first_name as integer) as n from {{ ref('stg_crm__contacts') }}\n"
UNIQUE_EMAIL = "version: 2\nmodels:\n  - {name: int_bad, columns: [{name: email, data_tests: [unique]}]}\n"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"tests__one_address_DOT_sql": FAILING_TEST}, "one_address (1 rows)"),
        ({"models__intermediate__bad_DOT_sql": FAILING_CAST}, "bad: "),
        (
            {
                "models__intermediate__int_bad_DOT_sql": "select email from {{ ref('stg_crm__contacts') }}",
                "models__intermediate__int_bad_DOT_yml": UNIQUE_EMAIL,
            },
            "unique_int_bad_email (1 rows)",
        ),
    ],
)
def test_a_failure_names_the_node_and_repeats_no_value(
    broken: Callable[..., Settings],
    files: dict[str, str],
    told: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = broken(**files)
    with caplog.at_level(logging.DEBUG), pytest.raises(Refused) as refused:
        transform.build(settings, AS_OF)
    assert told in str(refused.value)
    printed = capfd.readouterr()
    kept = [file.read_bytes() for file in (settings.data / "dbt").rglob("*") if file.is_file()]
    seen = [str(refused.value), printed.out, printed.err, caplog.text, *map(str, kept)]
    assert kept
    assert not any(SECRET in text for text in seen)


def test_the_planted_value_is_where_a_leak_would_come_from(broken: Callable[..., Settings]) -> None:
    """The test above could not fail if the marker were not in the failing cells."""
    settings = broken()
    assert rows(settings, "select distinct normalised_email from raw.crm_contacts") == [(f"{SECRET}@mail.example",)]
    with (
        duckdb.connect(settings.warehouse) as connection,
        pytest.raises(duckdb.ConversionException, match=SECRET),
    ):
        connection.execute("select cast(first_name as integer) from raw.crm_contacts")


def test_a_model_that_is_wrong_sql_says_what_is_wrong(broken: Callable[..., Settings]) -> None:
    settings = broken(models__intermediate__bad_DOT_sql="select no_such_column from {{ ref('int_contacts') }}")
    with pytest.raises(Refused, match="no_such_column"):
        transform.build(settings, AS_OF)


def test_after_a_failed_build_the_warehouse_is_free(broken: Callable[..., Settings]) -> None:
    settings = broken(models__intermediate__bad_DOT_sql=FAILING_CAST)
    with pytest.raises(Refused):
        transform.build(settings, AS_OF)
    with Warehouse(settings).write("next") as connection:
        assert connection.execute("select count(*) from raw.crm_contacts").fetchall() == [(2,)]


def test_a_build_without_settings_has_their_defaults() -> None:
    variables = yaml.safe_load((PROJECT / "dbt_project" / "dbt_project.yml").read_text())["vars"]
    shipped = Settings().reactivation.model_dump()
    assert {name: variables[name] for name in shipped} == shipped


def test_what_the_settings_say_of_campaigns_reaches_the_models(tmp_path: Path) -> None:
    told = {
        "grace_days": 8101,
        "max_messages_per_episode": 8102,
        "goodbye_lead_days": 8103,
        "low_relevance": 4,
        "otherwise_exit_days": 8105,
        "canary_size": 8106,
        "lift_to_see": 81.5,
        "deliverability_days": 89,
    }
    settings = settings_at(tmp_path, reactivation=told)
    add(settings, "raw.crm_contacts", contact("1"))
    sql = transform.compiled(settings, AS_OF)
    assert "8101" in sql["int_campaign_statuses"]
    assert "8101" in sql["contact_status"]
    assert "8102" in sql["int_candidates"]
    assert "8103" in sql["int_candidates"]
    assert "relevance <= 4" in sql["int_frequencies"]
    assert "8105" in sql["int_enrolments"]
    assert "8106" in sql["int_campaign_caps"]
    assert "81.5 * holdout_rate" in sql["campaign_lift"]
    assert "89" in sql["int_sending_windows"]
