"""Four years of nights on the CDNOW log: from the campaigns to the erasure of nearly everybody. The company's export is
delivered whole once more while people go, as if nobody had been erased at the source."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from lives import Life, live
from witness import BROKEN

pytestmark = pytest.mark.slow

FIRST, FIRST_DUE, LAST = datetime(1998, 1, 5), datetime(1999, 11, 8), datetime(2001, 12, 31)
"""Mondays, the day of retention. Nobody signed up before 1996-12, so nobody is due before 1999-12."""
WEEK, STEP = timedelta(days=7), timedelta(days=112)
WEEKLY = datetime(2000, 2, 28)
"""From here on a month is played as a company would, when most are due."""
NIGHTS = sorted(
    {
        *(FIRST + STEP * number for number in range((FIRST_DUE - FIRST) // STEP)),
        *(FIRST_DUE + STEP * number for number in range((LAST - FIRST_DUE) // STEP + 1)),
        *(WEEKLY + WEEK * number for number in range(5)),
    }
)
AGAIN = datetime(2000, 10, 9), datetime(2001, 5, 21)
"""Within three years of the first erasures: after that nobody remembers whom the source should have erased, too."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, cdnow_wheel: Path) -> Life:
    return live(tmp_path_factory.mktemp("end"), cdnow_wheel, NIGHTS, dict.fromkeys(AGAIN, Life.deliver_again))


@pytest.mark.parametrize("rule", BROKEN)
def test_what_must_hold_holds_on_every_night(life: Life, rule: str) -> None:
    assert life.witness.broken(rule) == {}


def test_every_contact_ends_active_dormant_lost_or_erased(life: Life) -> None:
    loaded = life.witness.count("(select distinct contact_id from held)")
    gone = life.witness.count("gone")
    last = life.nights[-1]
    assert loaded == life.witness.count(f"held where night = '{NIGHTS[0]}'")
    assert last.active + last.dormant + last.lost + gone == loaded
    assert gone > 0.9 * loaded


def test_nobody_is_overdue_on_any_night_whether_they_can_be_mailed_or_not(life: Life) -> None:
    assert [one.overdue for one in life.nights] == [0] * len(NIGHTS)
    assert life.witness.count("gone where was_mailable") > 1000
    assert life.witness.count("gone where not was_mailable") > 1000


def test_each_who_was_erased_is_counted_once_by_the_ledger_and_recognised_by_one_entry(life: Life) -> None:
    gone = life.witness.count("gone")
    runs, erased = life.witness.rows("select runs, erased from ledger order by night desc limit 1")[0]
    assert erased == gone
    assert runs == life.witness.count("(select distinct night from gone)")
    assert life.witness.entries_of_the_gone() == {1: gone, -1: 0}


def test_an_export_that_still_holds_them_brings_nobody_back(life: Life) -> None:
    refused = dict(
        life.rows(
            "select as_of, sum(contacts) from journal.load_refusals where table_name = 'crm_contacts' group by as_of"
        )
    )
    gone = {night: life.witness.count(f"gone where night < '{night}'") for night in AGAIN}
    assert refused == gone
    assert min(gone.values()) > 1000


def test_goodbyes_were_said_and_some_stayed(life: Life) -> None:
    """Else nobody's clock had been started anew by a message."""
    assert life.witness.count("told where campaign = 'goodbye'") > 100
    assert life.witness.count(f"held where night = '{NIGHTS[-1]}'") > 0
