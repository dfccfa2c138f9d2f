"""The advice on thresholds equals what lifelines finds in the same real purchase logs, and tells what a candidate
would flag."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_time
from raw_rows import rows, settings_at

from reveil import transform
from reveil.load import load
from reveil.settings import Settings

CDNOW_AS_OF = datetime(1998, 7, 1)
RETAIL_AS_OF = datetime(2011, 12, 10)
SHARES = {"p50_days": 0.5, "p80_days": 0.2, "p90_days": 0.1, "p95_days": 0.05}
PURCHASE_DAYS = """
    select contacts.business_line, contacts.contact_id, list(distinct cast(orders.ordered_at as date))
    from raw.crm_contacts as contacts
    inner join raw.crm_orders as orders using (contact_id)
    where coalesce(orders.status, 'paid') = 'paid' and orders.amount >= 0
    group by all
"""


@dataclass(frozen=True)
class Gap:
    days: int
    is_closed: bool


@dataclass(frozen=True)
class Built:
    settings: Settings
    as_of: datetime

    def gaps(self, among: Any = None) -> dict[str, list[Gap]]:
        """The gaps of every line, found from raw orders without any model."""
        found: dict[str, list[Gap]] = defaultdict(list)
        for line, contact_id, days in rows(self.settings, PURCHASE_DAYS):
            if among is None or contact_id in among:
                found[line].extend(_gaps(sorted(days), self.as_of.date()))
        return found

    def advice(self) -> dict[str, dict[str, Any]]:
        found = rows(self.settings, "select business_line, threshold_advice from marts.threshold_advice")
        return dict(found)


def _gaps(days: list[date], today: date) -> Iterator[Gap]:
    for earlier, later in pairwise(days):
        yield Gap((later - earlier).days, is_closed=True)
    yield Gap((today - days[-1]).days, is_closed=False)


def _built(landing: Path, as_of: datetime, folder: Path) -> Built:
    settings = settings_at(folder)
    load(settings, as_of, landing=landing)
    transform.build(settings, as_of)
    return Built(settings, as_of)


@pytest.fixture(scope="module")
def cdnow(cdnow_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return _built(cdnow_landing, CDNOW_AS_OF, tmp_path_factory.mktemp("cdnow_advice"))


@pytest.fixture(scope="module")
def online_retail(online_retail_sample: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Built:
    return _built(online_retail_sample[0], RETAIL_AS_OF, tmp_path_factory.mktemp("retail_advice"))


@pytest.fixture(params=["cdnow", "online_retail"])
def built(request: pytest.FixtureRequest) -> Built:
    found: Built = request.getfixturevalue(request.param)
    return found


def days_until(share_open: float, gaps: list[Gap]) -> float:
    """When no more than this share of the gaps is still open, by lifelines; infinite if never."""
    curve = KaplanMeierFitter().fit([gap.days for gap in gaps], [gap.is_closed for gap in gaps])
    return float(qth_survival_time(share_open, curve.survival_function_))


def test_every_quantile_is_that_of_lifelines(built: Built) -> None:
    gaps = built.gaps()
    assert gaps
    for line, found in gaps.items():
        expected = {name: days_until(share, found) for name, share in SHARES.items()}
        told = built.advice()[line]
        assert {name: told[name] for name in SHARES} == {
            name: None if math.isinf(days) else int(days) for name, days in expected.items()
        }
        assert told["dormant_after_days"] == told["p90_days"]


def test_closed_and_open_gaps_are_counted(built: Built) -> None:
    for line, found in built.gaps().items():
        told = built.advice()[line]
        assert told["closed_gaps"] == sum(gap.is_closed for gap in found)
        assert told["open_gaps"] == sum(not gap.is_closed for gap in found)
        assert min(told["closed_gaps"], told["open_gaps"]) > 1000


def test_gaps_that_have_ended_alone_tell_another_story(cdnow: Built, cdnow_sample_numbers: dict[str, int]) -> None:
    """The published 1/10 sample over its 18 months: nearest-rank percentiles of the closed gaps, and how much longer
    customers really take."""
    gaps = [gap for found in cdnow.gaps(cdnow_sample_numbers).values() for gap in found]
    closed = sorted(gap.days for gap in gaps if gap.is_closed)
    assert [closed[int(len(closed) * share)] for share in (0.5, 0.8, 0.9, 0.95)] == [34, 117, 196, 279]
    assert days_until(0.5, gaps) == 93
    for told in cdnow.advice().values():
        assert told["p50_days"] > 2 * 34


def test_todays_threshold_as_a_candidate_flags_whom_it_flags_today(built: Built) -> None:
    query = """
        select candidates.business_line, candidates.contacts_flagged, candidates.share_flagged,
            count(*) filter (where statuses.status <> 'active'), count(*)
        from marts.threshold_candidates as candidates
        inner join marts.contact_status as statuses using (business_line)
        where candidates.is_current
        group by all
    """
    found = rows(built.settings, query)
    assert found
    for line, flagged, share, not_active, contacts in found:
        assert flagged == not_active > 0, line
        assert share == pytest.approx(not_active / contacts)


def test_the_longer_the_candidate_the_fewer_it_flags(built: Built) -> None:
    query = "select business_line, candidate_days, contacts_flagged from marts.threshold_candidates order by all"
    per_line: dict[str, list[int]] = defaultdict(list)
    for line, _, flagged in rows(built.settings, query):
        per_line[line].append(flagged)
    for flags in per_line.values():
        assert len(flags) >= 9
        assert flags == sorted(flags, reverse=True)
        assert flags[0] > flags[-1]


def test_the_advised_threshold_is_among_the_candidates(built: Built) -> None:
    query = "select business_line, candidate_days from marts.threshold_candidates where is_advised"
    advised = {line: told["dormant_after_days"] for line, told in built.advice().items()}
    assert dict(rows(built.settings, query)) == {line: days for line, days in advised.items() if days is not None}
