"""The lint step that reads models in Spark's dialect finds what would not move there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

LINT = Path(__file__).resolve().parents[1] / "lint" / "spark_dialect.py"


@pytest.fixture(scope="module")
def lint() -> ModuleType:
    spec = importlib.util.spec_from_file_location("spark_dialect", LINT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "sql",
    [
        "select a::integer from t",
        "select a, count(*) from t group by all",
        "select [1, 2] as pair",
        "select a[1] from t",
        "select list_distinct(a) from t",
        "select count(*) filter (a > 1) from t",
        "select count(*) filter (where a > 1) over (partition by b) from t",
        "select epoch_ms(a) from t",
        'select "a" from "marts"."t"',
        "from t select a",
        "select * exclude (a) from t",
        "select a from t asof join u on t.a >= u.a",
    ],
)
def test_what_only_duckdb_understands_is_named(lint: ModuleType, sql: str) -> None:
    assert list(lint.problems(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "select cast(a as integer), count(*) filter (where a > 1) from marts.t group by cast(a as integer)",
        "select a from t qualify row_number() over (partition by b order by c desc) = 1",
        "select coalesce(a, b), datediff(a, b), date_add(a, 3), add_months(a, 3) from t",
        "with u as (select * from t) select concat('m', min(a)), percentile(b, 0.5) from u group by c",
    ],
)
def test_portable_sql_passes(lint: ModuleType, sql: str) -> None:
    assert list(lint.problems(sql)) == []


def test_models_ask_for_no_current_time() -> None:
    models = LINT.parents[2] / "dbt_project" / "models"
    texts = {file: file.read_text().lower() for file in models.rglob("*.sql")}
    assert texts
    guilty = [
        file.name
        for file, text in texts.items()
        if any(word in text for word in ("now()", "current_date", "current_timestamp", "getdate"))
    ]
    assert guilty == []
