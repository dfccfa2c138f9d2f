from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from reveil.campaigns import file_digest, find_message, message_texts, read_campaigns, substitute
from reveil.errors import BadInput
from reveil.settings import PROJECT

NIGHT = date(1998, 7, 1)
OUT = {"exit": "over"}
EVERY: dict[str, Any] = dict.fromkeys(("purchased", "answered", "clicked", "opened", "no_reaction"), OUT)
OFFER = {"cost": 10, "currency": "EUR", "valid_days": 14, "coupon": "TEN", "budget": "pot"}
POT = {"amount": 100, "currency": "EUR", "period": "month"}

GOOD: dict[str, Any] = {
    "campaign": "wake",
    "audience": "dormant",
    "max_per_night": 10,
    "default_language": "en",
    "first_step": "hello",
    "steps": {"hello": {"message": "hello", "wait_days": 7, "reactions": EVERY}},
    "messages": {"hello": {"subject": {"en": "Hello"}}},
    "links": {"shop": "https://shop.example/new"},
}
TEXT = "Hello {{ first_name }}, {{ link shop }}, {{ unsubscribe_url }}\n"


def step(message: str = "hello", offer: str | None = None, **reactions: Any) -> dict[str, Any]:
    found = {"message": message, "wait_days": 7, "reactions": {**EVERY, **reactions}}
    return found if offer is None else {**found, "offer": offer}


def mistake_in(folder: Path, **change: Any) -> str:
    """What is said of the good file with a change."""
    with pytest.raises(BadInput) as mistake:
        read_campaigns(write(folder, {**GOOD, **change}))
    return str(mistake.value)


def write(folder: Path, document: object = None, text: str = TEXT, name: str = "wake") -> Path:
    texts = folder / "messages" / "wake"
    texts.mkdir(parents=True, exist_ok=True)
    for ending in ("html", "txt"):
        (texts / f"hello.en.{ending}").write_text(text)
    (folder / f"{name}.yml").write_text(yaml.safe_dump(GOOD if document is None else document))
    return folder


def test_the_shipped_campaigns_are_valid() -> None:
    assert [one.campaign for one in read_campaigns(PROJECT / "include" / "campaigns")] == [
        "goodbye",
        "preferences",
        "winback",
    ]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (campaign,) = read_campaigns(write(tmp_path))
    assert campaign.max_per_night == 10
    assert find_message(tmp_path, "wake", "hello", "en", NIGHT).subject == "Hello"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"audience": "everybody"}, "audience"),
        ({"max_per_night": 0}, "max_per_night"),
        ({"first_step": "other"}, "first_step"),
        ({"steps": {"hello": step("other")}}, "steps.hello.message"),
        ({"answers": {"elsewhere": {"stay": True}}}, "answers.elsewhere: not among links"),
        ({"answers": {"shop": {}}}, "give frequency, relevance or stay"),
        ({"send_window": {"from": "08:00", "to": "20:00", "time_zone": "Mars/Base"}}, "send_window.time_zone"),
        (
            {"send_window": {"from": "08:00", "to": "08:00"}},
            "to: the same as from",
        ),
        ({"blackout": [{"from": "2026-12-26", "to": "2026-12-24"}]}, "blackout.0: "),
        ({"max_messages": 4}, "max_messages"),
        ({"erases_early": True}, "only a goodbye erases"),
        ({"default_language": "fr"}, "default language"),
        ({"surprise": 1}, "surprise"),
        ({"links": {"shop": "not a link"}}, "links.shop"),
        ({"campaign": "other"}, "file's name"),
        ({"messages": {"hello": {"subject": {"en": "Hello\nBcc: x"}}}}, "subject"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput) as mistake:
        read_campaigns(write(tmp_path, {**GOOD, **change}))
    assert "wake.yml" in str(mistake.value)
    assert words in str(mistake.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no way out", "unsubscribe_url"),
        (TEXT + "{{ nickname }}", "line 2: unknown placeholder"),
        (TEXT + "{{ link other }}", "line 2: link"),
    ],
)
def test_a_mistake_in_a_message_is_named_with_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadInput) as mistake:
        read_campaigns(write(tmp_path, text=text))
    assert "hello.en." in str(mistake.value)
    assert words in str(mistake.value)


def test_a_missing_message_file_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "messages" / "wake" / "hello.en.txt").unlink()
    with pytest.raises(BadInput, match=r"hello\.en\.txt"):
        read_campaigns(tmp_path)


def test_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "wake.yml").write_text("campaign: wake\n  audience: [\n")
    with pytest.raises(BadInput, match=r"wake\.yml, line \d"):
        read_campaigns(tmp_path)


def test_placeholders_are_replaced() -> None:
    values = {"first_name": "Ada", "unsubscribe_url": "https://u.example"}
    assert substitute(TEXT, values, {"shop": "https://s.example"}) == (
        "Hello Ada, https://s.example, https://u.example\n"
    )


def test_an_unknown_step_is_refused(tmp_path: Path) -> None:
    told = mistake_in(tmp_path, steps={"hello": step(opened={"step": "nowhere"})})
    assert "steps.hello.reactions.opened: no step of that name; steps are hello" in told


def test_an_unreachable_step_is_refused(tmp_path: Path) -> None:
    assert "steps.island: no path leads there" in mistake_in(tmp_path, steps={"hello": step(), "island": step()})


def test_a_loop_is_refused(tmp_path: Path) -> None:
    steps = {"hello": step(opened={"step": "again"}), "again": step(no_reaction={"step": "hello"})}
    assert "a loop, since it leads back to hello (hello → again → hello)" in mistake_in(tmp_path, steps=steps)


def test_a_step_without_a_wait_is_refused(tmp_path: Path) -> None:
    assert "steps.hello.wait_days" in mistake_in(tmp_path, steps={"hello": {**step(), "wait_days": 0}})


@pytest.mark.parametrize("left_out", EVERY)
def test_a_reaction_left_out_is_refused(tmp_path: Path, left_out: str) -> None:
    reactions = {name: OUT for name in EVERY if name != left_out}
    assert f"{left_out} left out" in mistake_in(tmp_path, steps={"hello": {**step(), "reactions": reactions}})


def test_a_refusal_is_no_reaction_to_lead_on_from(tmp_path: Path) -> None:
    assert "steps.hello.reactions.complained" in mistake_in(tmp_path, steps={"hello": step(complained=OUT)})


def test_a_path_of_more_messages_than_the_maximum_is_refused(tmp_path: Path) -> None:
    steps = {"hello": step(opened={"step": "two"}), "two": step(opened={"step": "three"}), "three": step()}
    assert "max_messages: is 2, but the longest path sends 3 messages" in mistake_in(tmp_path, steps=steps)


@pytest.mark.parametrize("left_out", ["cost", "valid_days", "budget", "coupon"])
def test_an_offer_without_cost_end_or_budget_is_refused(tmp_path: Path, left_out: str) -> None:
    offer = {key: value for key, value in OFFER.items() if key != left_out}
    told = mistake_in(tmp_path, offers={"ten": offer}, budgets={"pot": POT}, steps={"hello": step(offer="ten")})
    assert f"offers.ten.{left_out}: Field required" in told


def test_an_offer_from_an_unknown_budget_is_refused(tmp_path: Path) -> None:
    assert "offers.ten.budget: not among budgets (there are none)" in mistake_in(tmp_path, offers={"ten": OFFER})


def test_an_offer_in_another_currency_than_its_budget_is_refused(tmp_path: Path) -> None:
    told = mistake_in(tmp_path, offers={"ten": OFFER}, budgets={"pot": {**POT, "currency": "CHF"}})
    assert "offers.ten.currency: its budget pot is in CHF" in told


def test_a_goodbye_with_a_holdout_is_refused(tmp_path: Path) -> None:
    told = mistake_in(tmp_path, audience="goodbye", holdout={"share": 0.1, "salt": "x"})
    assert "holdout: a goodbye has none" in told


def test_otherwise_needs_an_offer_to_replace(tmp_path: Path) -> None:
    told = mistake_in(tmp_path, steps={"hello": step(opened={"exit": "over", "otherwise": OUT})})
    assert "steps.hello.reactions.opened.otherwise: only where the step that is led to has an offer" in told


def test_a_transition_leads_to_a_step_or_out_not_both(tmp_path: Path) -> None:
    told = mistake_in(tmp_path, steps={"hello": step(opened={"step": "hello", "exit": "over"})})
    assert "give either step or exit" in told


def test_an_offers_words_in_a_message_without_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"line 2: offer_until: no step sends this message with an offer"):
        read_campaigns(write(tmp_path, text=TEXT + "{{ offer_until }}"))


def test_an_offer_whose_end_is_not_told_is_refused(tmp_path: Path) -> None:
    document = {**GOOD, "offers": {"ten": OFFER}, "budgets": {"pot": POT}, "steps": {"hello": step(offer="ten")}}
    with pytest.raises(BadInput, match="an offer must say when it ends"):
        read_campaigns(write(tmp_path, document))


def test_an_offer_ends_so_many_days_after_the_night(tmp_path: Path) -> None:
    document = {**GOOD, "offers": {"ten": OFFER}, "budgets": {"pot": POT}, "steps": {"hello": step(offer="ten")}}
    write(tmp_path, document, TEXT + "{{ offer_coupon }} until {{ offer_until }}")
    assert find_message(tmp_path, "wake", "hello", "en", NIGHT).text.endswith("TEN until 15 July 1998")


def test_campaigns_that_share_a_budget_say_the_same_of_it(tmp_path: Path) -> None:
    write(tmp_path, {**GOOD, "budgets": {"pot": POT}})
    other = {**GOOD, "campaign": "other", "budgets": {"pot": {**POT, "amount": 5}}}
    with pytest.raises(BadInput, match=r"wake\.yml: budgets\.pot: differs from the one in other\.yml"):
        read_campaigns(write(tmp_path, other, name="other"))


def test_the_longest_silent_path_ends_with_its_last_wait(tmp_path: Path) -> None:
    steps = {"hello": step(opened={"step": "two"}), "two": {**step(), "wait_days": 30}}
    (campaign,) = read_campaigns(write(tmp_path, {**GOOD, "steps": steps}))
    assert campaign.path_days == 37


def test_the_digest_of_a_message_changes_with_its_words(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        (campaign,) = read_campaigns(write(tmp_path, text=text))
        return next(message_texts(tmp_path, campaign)).digest

    assert digest(TEXT) == digest(TEXT)
    assert digest(TEXT) != digest(TEXT + "!")


def test_the_digest_changes_with_the_file_and_with_every_text_and_with_nothing_else(tmp_path: Path) -> None:
    def digest() -> str:
        (campaign,) = read_campaigns(tmp_path)
        return file_digest(tmp_path, campaign)

    write(tmp_path)
    seen = [digest()]
    (tmp_path / "messages" / "wake" / "notes.md").write_text("not sent to anybody")
    assert digest() == seen[0]
    for name in ("hello.en.html", "hello.en.txt"):
        with (tmp_path / "messages" / "wake" / name).open("a") as text:
            text.write("PS: one word more\n")
        seen.append(digest())
    with (tmp_path / "wake.yml").open("a") as file:
        file.write("cool_off_days: 200\n")
    seen.append(digest())
    assert len(set(seen)) == 4
