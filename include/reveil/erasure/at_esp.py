"""Erases people at the provider: whoever it does not confirm waits, and stays whole here."""

from __future__ import annotations

from collections.abc import Sequence

from reveil.erasure.state import Person, RunFolder
from reveil.esp.base import Esp, EspError, EspUnavailable, EspUnsupported

_AT_ONCE = 100
_IN_A_ROW = 3
"""After so many failures one after the other the provider is taken to be down: the rest waits unasked."""


def erase_at_esp(esp: Esp, folder: RunFolder, people: Sequence[Person]) -> str | None:
    """Go on with whom the provider has not confirmed yet. Returns why the others wait, None where nobody does."""
    confirmed = set(folder.noted("confirmed"))
    todo = [one for one in people if one.contact_id not in confirmed]
    groups = [todo[start : start + _AT_ONCE] for start in range(0, len(todo), _AT_ONCE)]
    failures = 0
    why: str | None = None
    with folder.noting("confirmed") as confirm:
        while groups and failures < _IN_A_ROW:
            group = groups.pop(0)
            try:
                confirm([one.contact_id for one in _erase(esp, group)])
                failures = 0
            except EspError as error:
                why, failures = str(error), failures + 1
                if len(group) > 1:  # one of them may be why: each for itself
                    groups[:0] = [[one] for one in group]
    return why


def _erase(esp: Esp, group: Sequence[Person]) -> Sequence[Person]:
    """Gone is what a later look does not find: the look is the confirmation. The group is returned whole."""
    asked = [one for one in group if not one.shares_mailbox]
    addresses = [one.address for one in asked if one.address]
    esp_ids = {esp_id for one in asked for esp_id in one.esp_ids}
    esp_ids |= {one.esp_id for one in esp.find(*addresses)}
    if not esp_ids:
        return group
    esp.erase(sorted(esp_ids))
    if esp.find(*addresses) or _remaining(esp, sorted(esp_ids)):
        raise EspUnavailable(f"{esp.name}: a subscriber is still there after it was erased; try again later")
    return group


def _remaining(esp: Esp, esp_ids: Sequence[str]) -> Sequence[str]:
    try:
        return esp.remaining(esp_ids)
    except EspUnsupported:
        return ()
