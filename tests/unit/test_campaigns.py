from pathlib import Path

import pytest
import yaml

from reveil.campaigns import find_message, read_campaigns, substitute
from reveil.errors import BadInput
from reveil.settings import PROJECT

GOOD = {
    "campaign": "wake",
    "audience": "dormant",
    "max_per_night": 10,
    "default_language": "en",
    "first_step": "hello",
    "steps": {"hello": {"message": "hello"}},
    "messages": {"hello": {"subject": {"en": "Hello"}}},
    "links": {"shop": "https://shop.example/new"},
}
TEXT = "Hello {{ first_name }}, {{ link shop }}, {{ unsubscribe_url }}\n"


def write(folder: Path, document: object = None, text: str = TEXT, name: str = "wake") -> Path:
    texts = folder / "messages" / "wake"
    texts.mkdir(parents=True, exist_ok=True)
    for ending in ("html", "txt"):
        (texts / f"hello.en.{ending}").write_text(text)
    (folder / f"{name}.yml").write_text(yaml.safe_dump(GOOD if document is None else document))
    return folder


def test_the_shipped_campaigns_are_valid() -> None:
    assert [one.campaign for one in read_campaigns(PROJECT / "include" / "campaigns")] == ["winback"]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (campaign,) = read_campaigns(write(tmp_path))
    assert campaign.max_per_night == 10
    assert find_message(tmp_path, "wake", "hello", "en").subject == "Hello"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"audience": "everybody"}, "audience"),
        ({"max_per_night": 0}, "max_per_night"),
        ({"first_step": "other"}, "first_step"),
        ({"steps": {"hello": {"message": "other"}}}, "steps.hello.message"),
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
