"""The SQL that GET /api/subscribers?query= understands."""

import pytest

from reveil.sandbox.query import translate
from reveil.sandbox.wire import ApiError

SECOND = 1_000_000


def test_conditions_become_bound_parameters() -> None:
    where = translate("subscribers.updated_at > '1970-01-01T00:00:02Z' AND subscribers.status='blocklisted'")
    assert where.sql == "subscribers.updated_at > ? and subscribers.status = ?"
    assert where.parameters == (2 * SECOND, "blocklisted")


def test_an_instant_without_a_zone_is_utc() -> None:
    where = translate("subscribers.created_at <= '1970-01-01 00:00:01'")
    assert where.parameters == (SECOND,)


def test_attributes_are_reached_by_their_keys() -> None:
    where = translate("subscribers.attribs->'reveil'->>'contact_id' = '7'")
    assert where.parameters == ('$."reveil"."contact_id"', "7")


def test_ids_may_be_listed() -> None:
    assert translate("subscribers.id IN (1, 2,3)").parameters == (1, 2, 3)


def test_a_quote_is_doubled_inside_a_text() -> None:
    assert translate("subscribers.name = 'O''Hara'").parameters == ("O'Hara",)


def test_only_conditions_on_subscriptions_need_the_join() -> None:
    assert translate("subscriber_lists.status='unsubscribed'").reads_subscriptions
    assert not translate("subscribers.status='enabled'").reads_subscriptions


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("subscribers.nope = 1", "column subscribers.nope does not exist"),
        ("campaigns.id = 1", 'missing FROM-clause entry for table "campaigns"'),
        ("1=1; drop table subscribers", 'syntax error at or near ";"'),
        ("subscribers.email = 'a' OR true", 'syntax error at or near "OR"'),
        ("subscribers.email =", "syntax error at end of input"),
        ("subscribers.id = 'x'", 'invalid input syntax for type integer: "x"'),
        (
            "subscribers.created_at > 'soon'",
            'invalid input syntax for type timestamp with time zone: "soon"',
        ),
    ],
)
def test_everything_else_is_refused_in_the_words_of_the_database(text: str, reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        translate(text)
    assert refused.value.status == 400
    assert refused.value.message == f"Error preparing subscriber query: pq: {reason}"
