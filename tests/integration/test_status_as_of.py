"""Night after night gives what one build of everything gives, row by row, whatever came late, twice, in disorder,
was corrected, cancelled or withdrawn; and both give what plain Python counts day by day."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from raw_rows import rows, settings_at
from status_history import Company, has_no_gap, status_rows

from reveil import transform
from reveil.settings import Settings
from reveil.settled import NOTHING, Window

pytestmark = pytest.mark.slow

MODELS = ("contact_recency", "contact_status", "contact_status_history")
FIRST_NIGHT = datetime(2024, 2, 29, 3)
# a night later, a week, over the end of a month, years
GAPS = st.lists(st.sampled_from((1, 1, 7, 31, 200)), min_size=1, max_size=4)
# nothing settled, each stretch a day: the plainest way through the models
PLAINEST = Window(NOTHING, NOTHING, "none", {"open": 1, "click": 1, "purchase": 1, "login": 1})
NO_DEADLINE: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": [Phase.explicit, Phase.generate],
    "derandomize": True,
}


def found(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    return {name: rows(settings, f"select * from marts.{name} order by all") for name in MODELS}


def nights(gaps: Sequence[int]) -> Iterator[datetime]:
    night = FIRST_NIGHT
    yield night
    for gap in gaps:
        night += timedelta(days=gap)
        yield night


def nightly_equals_full(seed: int, gaps: Sequence[int], contacts: int) -> None:
    company = Company(seed, contacts)
    with tempfile.TemporaryDirectory() as folder:
        nightly = settings_at(Path(folder) / "nightly")
        for night in nights(gaps):
            company.live_until(night)
            company.export(nightly, night)
            company.lose(nightly)
            transform.build_only(nightly, night, MODELS)
        night_by_night = found(nightly)
        check_against_plain_python(nightly, night.date())
        transform.build_only(nightly, night, MODELS, full_refresh=True)
        assert found(nightly) == night_by_night
        fresh = settings_at(Path(folder) / "fresh")
        fresh.data.mkdir()
        shutil.copy(nightly.warehouse, fresh.warehouse)
        transform.build_only(fresh, night, MODELS, full_refresh=True, reads=PLAINEST)
        assert found(fresh) == night_by_night


def check_against_plain_python(settings: Settings, today: date) -> None:
    """History by days; its last row against the status."""
    signals: dict[str, list[tuple[date, int, int]]] = {}
    for contact_id, *signal in rows(settings, SIGNALS):
        signals.setdefault(contact_id, []).append((signal[0], signal[1], signal[2]))
    history: dict[str, list[tuple[str, date, date | None]]] = {}
    kept = "select contact_id, status, valid_from, valid_to from marts.contact_status_history order by 1, 3"
    for contact_id, status, valid_from, valid_to in rows(settings, kept):
        history.setdefault(contact_id, []).append((status, valid_from, valid_to))
    assert history == {contact_id: status_rows(days, today) for contact_id, days in signals.items()}
    assert all(has_no_gap(periods) for periods in history.values())
    last = {contact_id: periods[-1][:2] for contact_id, periods in history.items()}
    current = rows(settings, "select contact_id, status, status_since from marts.contact_status")
    assert last == {contact_id: (status, since) for contact_id, status, since in current}


# every signal that counts, read from raw alone
SIGNALS = (Path(__file__).parent / "status_signals.sql").read_text(encoding="utf-8")


@hypothesis_settings(max_examples=3, **NO_DEADLINE)
@given(seed=st.integers(0, 10_000), gaps=GAPS)
def test_night_after_night_equals_one_full_build(seed: int, gaps: list[int]) -> None:
    nightly_equals_full(seed, gaps, contacts=60)


@pytest.mark.skipif("REVEIL_DEEP" not in os.environ, reason="takes half an hour; set REVEIL_DEEP=1")
@hypothesis_settings(max_examples=60, **NO_DEADLINE)
@given(seed=st.integers(0, 1_000_000), gaps=GAPS)
def test_night_after_night_equals_one_full_build_over_many_histories(seed: int, gaps: list[int]) -> None:
    nightly_equals_full(seed, gaps, contacts=300)
