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
    hold_imports          imports stay at `importing`
    from_email            the sender of the server's own messages
    smtp_servers          how many it has to send through
    smtp_from             the sender that these put on every message, if any"""

    individual_tracking: bool = True
    bounce_webhook: bool = True
    messages_per_tick: int | None = None
    tick_seconds: float = 0.1
    skip_messages: int = 0
    hold_imports: bool = False
    from_email: str = "listmonk <noreply@listmonk.invalid>"
    smtp_servers: int = 1
    smtp_from: str = ""


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
            if name not in kinds or type(value) not in kinds[name] or _is_negative(value):
                raise ApiError(400, f"Invalid option: {name}")
        with self._changed:
            self._values = replace(self._values, **body)
            self._changed.notify_all()

    def wait_while_imports_are_held(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._values.hold_imports)


def _is_negative(value: Any) -> bool:
    return isinstance(value, (int, float)) and value < 0


_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "int | None": (int, type(None)),
}
