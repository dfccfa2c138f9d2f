import random
from datetime import UTC, datetime

import pytest
from requests.structures import CaseInsensitiveDict

from reveil.esp import retry

NOW = datetime(2026, 10, 21, 7, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, 30),
        ({"Retry-After": "Wed, 21 Oct 2026 07:00:00 GMT"}, 0),
        ({"x-sib-ratelimit-reset": "9"}, 9),
        ({"RateLimit-Reset": "11"}, 11),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 13)}, 13),
        ({"Retry-After": "7", "RateLimit-Reset": "50"}, 7),
    ],
)
def test_the_providers_own_word_wins(headers: dict[str, str], seconds: float) -> None:
    given = CaseInsensitiveDict(headers)
    assert retry.asked(given, NOW) == seconds
    assert retry.delay(1, given, NOW, random.Random(1)) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-3", "1.5"])
def test_a_word_that_is_not_understood_is_no_word(text: str) -> None:
    assert retry.asked({"Retry-After": text}, NOW) is None
    assert retry.delay(1, {"Retry-After": text}, NOW, random.Random(1)) <= 0.5


@pytest.mark.parametrize("family", ["RateLimit", "X-RateLimit", "x-sib-ratelimit"])
def test_a_limit_is_used_up_when_nothing_remains(family: str) -> None:
    used = CaseInsensitiveDict({f"{family}-Remaining": "0", f"{family}-Reset": "20"})
    left = CaseInsensitiveDict({f"{family}-Remaining": "1", f"{family}-Reset": "20"})
    assert (retry.used_up(used, NOW), retry.used_up(left, NOW), retry.used_up({}, NOW)) == (20, 0, 0)


def test_waits_grow_stay_bounded_and_differ_between_clients() -> None:
    longest = [
        max(retry.delay(attempt, {}, NOW, random.Random(seed)) for seed in range(200)) for attempt in range(1, 12)
    ]
    assert longest[0] <= 0.5
    assert longest[3] > longest[0]
    assert max(longest) <= 60
    assert len({retry.delay(5, {}, NOW, random.Random(seed)) for seed in range(20)}) == 20


def test_a_server_error_never_counts_as_not_processed() -> None:
    assert all(retry.is_transient(status) for status in (429, 500, 502, 503, 504))
    assert not any(retry.was_not_processed(status) for status in (500, 502, 503, 504, 408))
    assert retry.was_not_processed(429)
    assert not retry.is_transient(400)
