"""`reveil results` tells both tables in sentences and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reveil.errors import BadInput
from reveil.results import results
from reveil.settings import Settings
from reveil.warehouse import connect

TABLES = (
    "create schema marts",
    (
        "create table marts.campaign_results as select"
        " 'winback' as campaign, 'first' as step, 1000 as sent"
        ", 1 as unknown, 990 as delivered, 300 as opened, 40 as clicked, 12 as purchased, 480.50 as revenue"
        ", 60.00 as spend_committed"
    ),
    (
        "create table marts.campaign_lift as select"
        " 'winback' as campaign, 70 as treated, 56 as treated_converted,"
        " 80 as holdout, 48 as holdout_converted, 0.2::double as lift, 0.052431::double as lift_low,"
        " 0.333873::double as lift_high, 'better' as verdict, date '2026-03-01' as read_date, 37 as sample_needed"
    ),
)


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    settings = Settings(data=tmp_path)
    with connect(settings.published) as connection:
        for statement in TABLES:
            connection.execute(statement)
    return settings


def test_results_are_told_with_interval_verdict_and_read_date(here: Settings) -> None:
    step, lift = results(here).lines
    assert step.startswith("winback/first: 1,000 sent (1 unknown), 300 opened, 40 clicked, 12 purchased for 480.50")
    assert lift == (
        "winback: 56 of 70 treated purchased, 48 of 80 held out; lift 20.00 points [5.24, 33.39]: "
        "better (read on 2026-03-01, 37 an arm are needed)"
    )
    assert json.loads(json.dumps(results(here).figures))["lift"][0]["verdict"] == "better"


def test_a_campaign_without_results_is_bad_input(here: Settings) -> None:
    with pytest.raises(BadInput, match="goodbye: no results"):
        results(here, "goodbye")
