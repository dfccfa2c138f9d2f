"""Switches of the sandbox that a real server has in its settings or does not have: how fast it sends, what it
keeps, what it holds back so that a test can look at it in between."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from reveil.sandbox.wire import ApiError


@dataclass(frozen=True)
class OptionValues:
    """individual_tracking   keep who opened and clicked, not only that somebody did
    bounce_webhook        answer at /webhooks/bounce
    messages_per_tick     None sends a campaign at once, 0 holds it back, else so many messages a tick
    tick_seconds          the machine's seconds between two ticks
    skip_messages         contacts left out without a word by each campaign that starts from now on
    hold_imports          imports stay at `importing`"""

    individual_tracking: bool = True
    bounce_webhook: bool = True
    messages_per_tick: int | None = None
    tick_seconds: float = 0.1
    skip_messages: int = 0
    hold_imports: bool = False


class Options:
    """The values in force. They are not kept over a restart."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._values = OptionValues()

    @property
    def values(self) -> OptionValues:
        return self._values

    def as_dict(self) -> dict[str, Any]:
        return asdict(self._values)

    def change(self, body: dict[str, Any]) -> None:
        """ApiError 400 when a name or a value is not one of ours."""
        kinds = {field.name: _KINDS[str(field.type)] for field in fields(OptionValues)}
        for name, value in body.items():
            if name not in kinds or type(value) not in kinds[name] or (value is not None and value < 0):
                raise ApiError(400, f"Invalid option: {name}")
        with self._changed:
            self._values = replace(self._values, **body)
            self._changed.notify_all()

    def wait_while_imports_are_held(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._values.hold_imports)


_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "int | None": (int, type(None)),
}
