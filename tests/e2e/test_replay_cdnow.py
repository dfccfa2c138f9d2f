"""The whole life of the campaigns: half a year of the CDNOW log, a night a week, with the sandbox's recipients. A
witness looks after each night; whatever anybody did, its rules hold on every one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from lives import Life, live
from sandboxes import control
from witness import BROKEN

pytestmark = pytest.mark.slow

WEEK = timedelta(days=7)
FIRST = datetime(1997, 9, 1)
NIGHTS = [FIRST + WEEK * number for number in range(26)]
CHANGE, AGAIN = NIGHTS[14], NIGHTS[18]
"""The newsletter goes out on the 15th and holds messages back for a week: passages begin at a month's start."""
WITHDRAWN, ASKED = 25, 12

# in the middle of a passage: mailed last week, with a step to come; the log knows nothing newer of them
_ENROLLED = """
    select contact_id from journal.batch_contacts inner join raw.crm_contacts using (contact_id)
    where step = 'we_miss_you' and outcome = 'sent' and as_of = $night::timestamp - interval 7 days
        and updated_at < $night::timestamp - interval 1 day
    order by contact_id
"""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, cdnow_wheel: Path) -> Life:
    happenings = {FIRST: recipients_are_curious, CHANGE: people_change_their_mind, AGAIN: Life.deliver_again}
    return live(tmp_path_factory.mktemp("life"), cdnow_wheel, NIGHTS, happenings)


def recipients_are_curious(life: Life, night: datetime) -> None:
    """So many open that the offers' budget does not last the month."""
    control(life.handle, "PUT", "/sandbox/rates", {"shares": {"opened": 0.7}})


def people_change_their_mind(life: Life, night: datetime) -> None:
    """Of those who are in the middle of a campaign some withdraw their consent and others ask to be erased; the
    provider will not delete one of these on the first night."""
    enrolled = [one for (one,) in life.rows(_ENROLLED, night=night)]
    assert len(enrolled) >= WITHDRAWN + ASKED
    yesterday = night - timedelta(days=1)
    life.deliver(
        "crm_contacts",
        night,
        ("contact_id", "email", "country", "language", "business_line", "contact_kind", "signed_up_at",
         "marketing_consent", "updated_at"),
        life.rows(
            "select contact_id, email, country, language, business_line, contact_kind, signed_up_at, false, $at"
            " from raw.crm_contacts where contact_id in (select unnest($ids))",
            ids=enrolled[:WITHDRAWN],
            at=yesterday,
        ),
    )  # fmt: skip
    asking = life.rows(
        "select contact_id, email from raw.crm_contacts where contact_id in (select unnest($ids)) order by contact_id",
        ids=enrolled[WITHDRAWN : WITHDRAWN + ASKED],
    )
    by_address = ASKED // 2
    life.deliver(
        "crm_erasure_requests",
        night,
        ("request_id", "contact_id", "email", "requested_at"),
        [
            (f"asked-{number}", "" if number < by_address else one, address if number < by_address else "", yesterday)
            for number, (one, address) in enumerate(asking)
        ],
    )
    refused = [{"match": "DELETE /api/subscribers", "kind": "403", "times": 2}]
    control(life.handle, "PUT", "/sandbox/faults", refused)


def test_every_night_was_played_and_is_in_the_table(life: Life) -> None:
    assert [one.night for one in life.nights] == [night.isoformat() for night in NIGHTS]
    assert [line[:10] for line in life.lines if line.startswith("199")] == [f"{night:%Y-%m-%d}" for night in NIGHTS]


@pytest.mark.parametrize("rule", BROKEN)
def test_what_must_hold_holds_on_every_night(life: Life, rule: str) -> None:
    assert life.witness.broken(rule) == {}


def test_the_table_tells_what_really_left(life: Life) -> None:
    sent = dict(life.witness.rows("select night, count(*) from sent group by night"))
    assert [(one.sent, one.unknown) for one in life.nights] == [(sent.get(night, 0), 0) for night in NIGHTS]


def test_there_was_something_to_see(life: Life) -> None:
    """Else the rules above would have held for nobody."""
    witness = life.witness
    steps = dict(witness.rows("select step, count(*) from told group by step"))
    assert set(steps) >= {"we_miss_you", "larger_offer", "last_chance", "how_often"}
    assert min(steps.values()) > 100
    barred = dict(witness.rows("select why, count(distinct contact_id) from barred group by why"))
    assert set(barred) == {
        "unsubscribed", "complained", "bounced_hard", "no_consent", "request", "frozen"
    }  # fmt: skip
    objected_to_campaigns = "barred where why = 'unsubscribed' and contact_id in (select contact_id from told)"
    assert witness.count(objected_to_campaigns) > 0
    assert witness.count("on_lists") > 0
    assert witness.count("spent where committed > 0.9 * amount") > 0


def test_who_withdrew_consent_or_asked_to_be_erased_got_no_further_message(life: Life) -> None:
    withdrew = (
        f"(select contact_id from barred where why = 'no_consent' and night = '{CHANGE}'"
        f" intersect select contact_id from told where night = '{CHANGE - WEEK}')"
    )
    assert life.witness.count(withdrew) == WITHDRAWN
    assert life.witness.count(f"told where night >= '{CHANGE}' and contact_id in {withdrew}") == 0
    mailed = "told where contact_id in (select contact_id from barred where why = '{}' and night = '{}')"
    for why in ("request", "frozen"):
        assert life.witness.count(mailed.format(why, CHANGE) + f" and night < '{CHANGE}'") > 0
        assert life.witness.count(mailed.format(why, CHANGE) + f" and night >= '{CHANGE}'") == 0


def test_who_asked_is_erased_that_night_and_whom_the_provider_kept_a_week_later(life: Life) -> None:
    gone = dict(life.witness.rows("select night, count(*) from gone group by night order by night"))
    assert gone.pop(CHANGE) == ASKED - 1
    assert gone.pop(CHANGE + WEEK) == 1
    assert life.witness.entries_of_the_gone() == {1: ASKED + sum(gone.values()), -1: 0}


def test_the_plot_shows_statuses_and_messages(life: Life) -> None:
    page = (life.settings.replay / "nights.svg").read_text(encoding="utf-8")
    assert page.startswith("<svg")
    assert page.count("<polyline") == 4
    words = ("active", "dormant", "lost", "sent", f"{NIGHTS[0]:%Y-%m-%d}", f"{NIGHTS[-1]:%Y-%m-%d}")
    assert all(word in page for word in words)
