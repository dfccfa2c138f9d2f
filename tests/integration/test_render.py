"""What a marketer sees before anybody else does: a message as it would be sent."""

from __future__ import annotations

from datetime import date

import pytest

from reveil.errors import BadInput
from reveil.render import render
from reveil.settings import Settings

NIGHT = date(1998, 7, 1)


@pytest.mark.parametrize(
    ("campaign", "step"), [("winback", "larger_offer"), ("preferences", "how_often"), ("goodbye", "goodbye")]
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_nothing_is_left_to_fill_in(campaign: str, step: str, language: str) -> None:
    shown = "\n".join(render(Settings(), campaign, step, language, NIGHT).lines)
    assert "Camille" in shown
    assert "{{" not in shown


def test_an_offer_shows_its_code_and_its_end() -> None:
    shown = render(Settings(), "winback", "larger_offer", "fr", NIGHT).figures["text"]
    assert "BACK15, jusqu'au 15 juillet 1998" in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("absent", "goodbye", None), "no such campaign; there are: goodbye, preferences, winback"),
        (("goodbye", "absent", None), "goodbye: no step absent; steps are goodbye"),
        (("goodbye", "goodbye", "de"), "goodbye/goodbye: no text in de; there are en, fr"),
    ],
)
def test_what_does_not_exist_is_told_with_what_does(words: tuple[str, str, str | None], told: str) -> None:
    with pytest.raises(BadInput) as mistake:
        render(Settings(), *words, NIGHT)
    assert told in str(mistake.value)
