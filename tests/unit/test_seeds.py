"""Rules that are tables: what cannot be is refused with file and line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from reveil.errors import BadInput
from reveil.seeds import business_lines, check_retention
from reveil.settings import PROJECT

SEEDS = PROJECT / "dbt_project" / "seeds"
THRESHOLDS = "business_line,contact_kind,signal,dormant_after_days,lost_after_days"
RETENTION = "business_line,months,hard_cap_months,account_months"


def written(folder: Path, *lines: str) -> Path:
    file = folder / "rules.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_the_shipped_rules_are_valid_and_name_the_samples_lines() -> None:
    assert business_lines(SEEDS / "status_thresholds.csv") == {
        "grocery",
        "fashion",
        "travel",
        "newsletter",
        "music",
        "gifts",
    }
    check_retention(SEEDS / "retention_periods.csv")


def test_shipped_defaults_are_those_of_the_documentation() -> None:
    with (SEEDS / "status_thresholds.csv").open() as file:
        days = {
            (row["business_line"], row["signal"]): (int(row["dormant_after_days"]), int(row["lost_after_days"]))
            for row in csv.DictReader(file)
        }
    assert days["grocery", "purchase"] == (60, 365)
    assert days["fashion", "purchase"] == (270, 730)
    assert days["travel", "purchase"] == (540, 1095)
    assert days["newsletter", "open"] == days["newsletter", "click"] == (180, 540)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("fashion,*,click,30,20", "line 3: lost_after_days: must not be below dormant_after_days"),
        ("fashion,*,click,-1,20", "line 3: dormant_after_days: must be at least 1"),
        ("fashion,*,click,0,20", "line 3: dormant_after_days: must be at least 1"),
        ("fashion,*,click,,20", "line 3: dormant_after_days: missing"),
        ("fashion,*,click,30", "line 3: lost_after_days: missing"),
        ("fashion,*,click,30,40,50", "line 3: more cells than columns"),
        ("fashion,*,click,soon,20", "line 3: dormant_after_days: must be a whole number"),
        ("fashion,*,visit,10,20", "line 3: signal: must be one of"),
        ("fashion,vip,click,10,20", "line 3: contact_kind: must be one of"),
        ("*,*,sign_up,10,20", "line 3: same line, kind and signal as line 2"),
        (",*,click,10,20", "line 3: business_line: missing"),
    ],
)
def test_a_threshold_that_cannot_be_is_refused_with_its_line(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(BadInput, match=told) as refused:
        business_lines(written(tmp_path, THRESHOLDS, "*,*,sign_up,10,20", row))
    assert "rules.csv" in str(refused.value)


def test_equal_thresholds_are_allowed(tmp_path: Path) -> None:
    assert business_lines(written(tmp_path, THRESHOLDS, "shop,*,sign_up,20,20")) == {"shop"}


def test_every_line_needs_a_sign_up_threshold_for_every_kind(tmp_path: Path) -> None:
    file = written(tmp_path, THRESHOLDS, "shop,*,purchase,10,20", "shop,prospect,sign_up,10,20")
    with pytest.raises(BadInput, match="shop has no sign_up row for every kind"):
        business_lines(file)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="line 1: the columns must be business_line,contact_kind"):
        business_lines(written(tmp_path, "line,days", "shop,10"))


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"rules.csv: missing; restore it"):
        business_lines(tmp_path / "rules.csv")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["*,48,36,"], r"line 2: months: must be from 1 to hard_cap_months \(36\)"),
        (["*,0,36,"], "line 2: months"),
        (["*,,36,24"], "line 2: months: missing"),
        (["shop,12,36,"], "no row for `\\*`"),
        (["*,36,36,", "*,24,36,"], "line 3: same business line as line 2"),
        (["*,36,36,36"], r"line 2: account_months: must be at least 1 and below months \(36\), or empty"),
        (["*,36,36,0"], "line 2: account_months: must be at least 1"),
        (["*,36,36,two years"], "line 2: account_months: must be a whole number"),
        (["*,36,36"], "line 2: account_months: missing"),
    ],
)
def test_a_retention_period_that_cannot_be_is_refused(tmp_path: Path, rows: list[str], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        check_retention(written(tmp_path, RETENTION, *rows))
