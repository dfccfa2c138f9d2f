"""Recency on the real CDNOW log equals what was published about its 1/10 sample.

From landing files through load and models to contact_recency; the published figures stop at 30 September 1997
and count weeks of 7 days from a customer's first purchase day.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from raw_rows import rows, settings_at

from reveil import transform
from reveil.load import load
from reveil.settings import Settings

LOADED_AS_OF = datetime(1998, 7, 1)
AS_OF = datetime(1997, 10, 1)
# number in the sample: repeat purchase days, weeks to the last of them, weeks until 30 September 1997
PUBLISHED = {
    1: (2, 30.43, 38.86),
    2: (1, 1.71, 38.86),
    157: (29, 37.71, 38.00),
    509: (18, 35.14, 35.86),
    841: (19, 34.00, 34.14),
    1516: (26, 30.86, 31.00),
    1981: (17, 28.43, 28.86),
}
CUSTOMERS_PER_REPEAT_DAYS = {0: 1411, 1: 439, 2: 214, 3: 100, 4: 62, 5: 38, 6: 29}

RECENCY = """
    select
        contact_id,
        purchase_days - 1,
        date_diff('day', first_purchase_at, last_purchase_at) / 7,
        (date_diff('day', first_purchase_at, as_of) - 1) / 7
    from marts.contact_recency
    where order_count > 0
"""
PURCHASE_DAYS = "select distinct contact_id, cast(ordered_at as date) from staging.stg_crm__orders"
GAPS = """
    select
        contact_id,
        ordered_on - lag(ordered_on) over (partition by contact_id order by ordered_on) as gap_days
    from (select distinct contact_id, ordered_on from intermediate.int_orders where is_purchase)
"""


@pytest.fixture(scope="module")
def built(cdnow_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_at(tmp_path_factory.mktemp("cdnow_built"))
    load(settings, LOADED_AS_OF, landing=cdnow_landing)
    transform.build(settings, AS_OF)
    return settings


@pytest.fixture(scope="module")
def sample(built: Settings, cdnow_sample_numbers: dict[str, int]) -> dict[int, tuple[int, float, float]]:
    """Repeat days, weeks to the last purchase and weeks observed, per number in the sample."""
    return {
        cdnow_sample_numbers[contact_id]: (repeat, last, observed)
        for contact_id, repeat, last, observed in rows(built, RECENCY)
        if contact_id in cdnow_sample_numbers
    }


def test_the_sample_is_whole(built: Settings, cdnow_sample_numbers: dict[str, int]) -> None:
    lines = rows(built, "select contact_id from staging.stg_crm__orders")
    days = rows(built, PURCHASE_DAYS)
    assert len(cdnow_sample_numbers) == 2357
    assert sum(contact_id in cdnow_sample_numbers for (contact_id,) in lines) == 6919
    assert sum(contact_id in cdnow_sample_numbers for contact_id, _ in days) == 6696


@pytest.mark.parametrize("number", PUBLISHED)
def test_the_listed_customers_have_the_published_recency(
    sample: dict[int, tuple[int, float, float]], number: int
) -> None:
    repeat, last, observed = PUBLISHED[number]
    assert sample[number][0] == repeat
    assert sample[number][1:] == pytest.approx((last, observed), abs=0.005)


def test_repeat_purchases_are_distributed_as_published(sample: dict[int, tuple[int, float, float]]) -> None:
    repeats = Counter(repeat for repeat, _, _ in sample.values())
    assert len(sample) == 2357
    assert sum(count * customers for count, customers in repeats.items()) == 2457
    assert {count: repeats[count] for count in CUSTOMERS_PER_REPEAT_DAYS} == CUSTOMERS_PER_REPEAT_DAYS


def test_completed_gaps_between_purchase_days_are_as_published(
    built: Settings, cdnow_sample_numbers: dict[str, int]
) -> None:
    """Nearest-rank percentiles of the gaps that had ended by 30 September 1997."""
    gaps = sorted(
        gap for contact_id, gap in rows(built, GAPS) if contact_id in cdnow_sample_numbers and gap is not None
    )
    assert len(gaps) == 2457
    assert [gaps[int(len(gaps) * share)] for share in (0.5, 0.8, 0.9, 0.95)] == [27, 77, 128, 164]
