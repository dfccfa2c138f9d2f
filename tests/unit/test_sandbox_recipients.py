"""What recipients decide: how many, always the same, and when."""

from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from reveil.sandbox.addresses import name_from, sanitize
from reveil.sandbox.recipients import Decider, Forced, Overrides, Rates, RatesFile, Reaction, Shares
from reveil.sandbox.sending import tracked_links
from reveil.sandbox.wire import ApiError

LINKS = ("https://shop.example/one", "https://shop.example/two")
DAY = 86_400 * 1_000_000
RECIPIENTS = [f"c{n}@mail.example" for n in range(20_000)]


def decided(rates: Rates, links: tuple[str, ...] = LINKS) -> dict[str, list[Reaction]]:
    decider = Decider(rates, "winback/1", links)
    return {address: list(decider.reactions(address)) for address in RECIPIENTS}


@pytest.fixture(scope="module")
def usual() -> dict[str, list[Reaction]]:
    return decided(Rates())


def test_of_20000_messages_the_real_senders_shares_react(usual: dict[str, list[Reaction]]) -> None:
    counts = Counter(reaction.kind for reactions in usual.values() for reaction in reactions)
    expected = Shares()
    for kind in ("bounced_hard", "bounced_soft", "opened", "clicked", "unsubscribed", "complained"):
        wanted = getattr(expected, kind) * len(RECIPIENTS)
        # four standard deviations of a binomial count
        assert abs(counts[kind] - wanted) <= 4 * wanted**0.5, f"{kind}: {counts[kind]} instead of {wanted:g}"


def test_a_click_comes_after_its_own_open(usual: dict[str, list[Reaction]]) -> None:
    clickers = [{one.kind: one for one in found} for found in usual.values() if "clicked" in {o.kind for o in found}]
    assert clickers
    assert all(one["clicked"].after > one["opened"].after + 4_000_000 for one in clickers)
    assert {one["clicked"].url for one in clickers} == set(LINKS)


def test_what_bounces_does_nothing_else(usual: dict[str, list[Reaction]]) -> None:
    bounced = [found for found in usual.values() if found and found[0].kind.startswith("bounced")]
    assert bounced
    assert all(len(found) == 1 for found in bounced)


def test_delays_run_from_seconds_to_five_days(usual: dict[str, list[Reaction]]) -> None:
    opened = [one.after for found in usual.values() for one in found if one.kind == "opened"]
    assert min(opened) >= 10_000_000
    assert max(opened) <= 5 * DAY
    assert DAY / 8 < median(opened) < DAY / 4


def test_the_same_seed_decides_the_same_and_another_does_not(usual: dict[str, list[Reaction]]) -> None:
    assert decided(Rates()) == usual
    assert decided(Rates(seed=2)) != usual


def test_another_campaign_meets_other_reactions(usual: dict[str, list[Reaction]]) -> None:
    other = Decider(Rates(), "winback/2", LINKS)
    assert {address: list(other.reactions(address)) for address in RECIPIENTS} != usual


def test_without_a_tracked_link_nobody_clicks_and_as_many_open(usual: dict[str, list[Reaction]]) -> None:
    kinds = Counter(one.kind for found in decided(Rates(), links=()).values() for one in found)
    wanted = Shares().opened * len(RECIPIENTS)
    assert kinds["clicked"] == 0
    assert abs(kinds["opened"] - wanted) <= 4 * wanted**0.5


def test_a_forced_address_does_what_it_is_told_and_nothing_else() -> None:
    rates = Rates(
        addresses={"a@mail.example": Forced(clicked=1, url=LINKS[1])}, shares=Shares(bounced_hard=1, bounced_soft=0)
    )
    decider = Decider(rates, "winback/1", LINKS)
    assert [one.kind for one in decider.reactions("a@mail.example")] == ["opened", "clicked"]
    assert list(decider.reactions("a@mail.example"))[1].url == LINKS[1]
    assert [one.kind for one in decider.reactions("b@mail.example")] == ["bounced_hard"]


def test_a_domain_changes_only_what_it_names() -> None:
    rates = Rates(
        domains={"gmail.example": Overrides(complained=1)}, shares=Shares(opened=1, bounced_hard=0, bounced_soft=0)
    )
    decider = Decider(rates, "winback/1", ())
    assert [one.kind for one in decider.reactions("a@gmail.example")][-1] == "complained"
    assert "opened" in {one.kind for one in decider.reactions("a@gmail.example")}
    assert "complained" not in {one.kind for one in decider.reactions("a@mail.example")}


def test_rates_are_kept_and_changed_in_parts(tmp_path: Path) -> None:
    RatesFile(tmp_path / "rates.json").change({"seed": 7, "shares": {"opened": 0.5}})
    RatesFile(tmp_path / "rates.json").change({"shares": {"clicked": 0.25}})
    rates = RatesFile(tmp_path / "rates.json").rates
    assert (rates.seed, rates.shares.opened, rates.shares.clicked) == (7, 0.5, 0.25)
    assert rates.shares.bounced_hard == Shares().bounced_hard


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": {}},
        {"shares": {"opened": 1.5}},
        {"shares": {"read": 0.1}},
        {"addresses": {"a@mail.example": {"opened": -1}}},
        {"shares": {"bounced_hard": 0.7, "bounced_soft": 0.7}},
    ],
)
def test_wrong_rates_are_refused_and_change_nothing(tmp_path: Path, wrong: dict[str, object]) -> None:
    file = RatesFile(tmp_path / "rates.json")
    with pytest.raises(ApiError):
        file.change(wrong)
    assert file.rates == Rates()


def test_links_count_when_they_are_marked() -> None:
    body = (
        '<a href="https://shop.example/a@TrackLink">a</a> {{ TrackLink "https://shop.example/b?x=1" }} '
        '<a href="https://shop.example/c">c</a> <a href="https://shop.example/a@TrackLink">again</a> '
        '<a href="{{ UnsubscribeURL }}">leave</a>'
    )
    assert tracked_links(body) == ["https://shop.example/a", "https://shop.example/b?x=1"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" Jane.Doe@Shop.Example ", "jane.doe@shop.example"),
        ("o'hara+x@shop.example", "o'hara+x@shop.example"),
        ("bad-address", None),
        ("two words@shop.example", None),
        ("line\nbreak@shop.example", None),
        ("a@b@shop.example", None),
        (".a@shop.example", None),
        ("a@shop..example", None),
    ],
)
def test_addresses_are_taken_as_the_server_takes_them(text: str, kept: str | None) -> None:
    assert sanitize(text) == kept


def test_who_comes_without_a_name_gets_one_from_the_address() -> None:
    assert name_from("jane.doe@shop.example") == "Jane Doe"
