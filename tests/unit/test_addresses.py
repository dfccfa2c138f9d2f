from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.addresses import normalise_address


@pytest.mark.parametrize(
    ("written", "normalised"),
    [
        ("  Ada.Lovelace@Mail.Example ", "ada.lovelace@mail.example"),
        ("ada+news@mail.example", "ada+news@mail.example"),
        ("o'neill@mail.example", "o'neill@mail.example"),
        ("ada@Müller.example", "ada@xn--mller-kva.example"),
        ("ada@mu\u0308ller.example", "ada@xn--mller-kva.example"),
        ("ada@XN--MLLER-KVA.example", "ada@xn--mller-kva.example"),
        ("RENE\u0301@mail.example", "rené@mail.example"),
        ("ada@mail。example", "ada@mail.example"),
    ],
)
def test_two_spellings_of_a_mailbox_are_one_address(written: str, normalised: str) -> None:
    assert normalise_address(written) == normalised


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@mail.example",
        "ada@",
        "ada@localhost",
        "ada@mail..example",
        "ada@-mail.example",
        "ada@mail.example.",
        "ada@127.0.0.1",
        ".ada@mail.example",
        "ada.@mail.example",
        "a..da@mail.example",
        "ada lovelace@mail.example",
        "Ada <ada@mail.example>",
        "ada@mail.example,bob@mail.example",
        "ada@bob@mail.example",
        "ada@mail.example\nBcc: bob@mail.example",
        "adé\n@mail.example",
        "ad\u00a0é@mail.example",
        "é@mail.example\u0000",
        "a" * 65 + "@mail.example",
        "é" * 33 + "@mail.example",
        "ada@" + "a" * 64 + ".example",
        "ada@" + "m." * 126 + "example",
        "ada@\u2488.example",
    ],
)
def test_what_cannot_be_an_address_is_none(text: str) -> None:
    assert normalise_address(text) is None


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_none_and_never_an_error(text: str) -> None:
    found = normalise_address(text)
    assert found is None or "@" in found


@given(st.from_regex(r"[A-Za-zéßÅ0-9._+-]{1,20}@[A-Za-züé0-9-]{1,20}\.[A-Za-z]{2,6}", fullmatch=True))
def test_normalising_again_changes_nothing(text: str) -> None:
    found = normalise_address(text)
    assert found is None or normalise_address(found) == found
