"""Lists at the provider, found or made by their name."""

from __future__ import annotations

from reveil.esp.base import Esp, EspUnavailable, EspUncertain

_LOOKS = 3
"""How often a list is looked for again after a call whose end is unknown."""


def find_or_make_list(esp: Esp, name: str) -> str:
    """The provider's id of the list of that name. Raises EspUnavailable when it cannot be made."""
    for _ in range(_LOOKS):
        list_id = esp.find_list(name)
        if list_id is not None:
            return list_id
        try:
            esp.create_list(name)
        except EspUncertain:
            continue  # made or not: the next look tells
    raise EspUnavailable(f"{name}: its list could not be made; try again later")
