import random

from reveil.esp import retry


def test_the_providers_own_word_wins_but_cannot_stall_a_night() -> None:
    rng = random.Random(1)
    assert retry.delay(1, {"Retry-After": "7"}, rng) == 7
    assert retry.delay(1, {"x-sib-ratelimit-reset": "9"}, rng) == 9
    assert retry.delay(1, {"Retry-After": "86400"}, rng) == 60


def test_a_date_in_retry_after_falls_back_to_the_jittered_wait() -> None:
    assert retry.delay(1, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, random.Random(1)) <= 0.5


def test_waits_grow_stay_bounded_and_differ_between_clients() -> None:
    longest = [max(retry.delay(attempt, {}, random.Random(seed)) for seed in range(200)) for attempt in range(1, 12)]
    assert longest[0] <= 0.5
    assert longest[3] > longest[0]
    assert max(longest) <= 60
    assert len({retry.delay(5, {}, random.Random(seed)) for seed in range(20)}) == 20


def test_a_server_error_never_counts_as_not_processed() -> None:
    assert all(retry.is_transient(status) for status in (429, 500, 502, 503, 504))
    assert not any(retry.was_not_processed(status) for status in (500, 502, 503, 504, 408))
    assert retry.was_not_processed(429)
    assert not retry.is_transient(400)
