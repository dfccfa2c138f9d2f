"""Killing a process between two side effects, for tests of what goes on afterwards."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Owners = Mapping[Any, tuple[str, ...]]
"""Classes, and the names of their methods that are side effects."""


@contextmanager
def numbered(owners: Owners, after: Callable[[int], None] = lambda _: None) -> Iterator[list[str]]:
    """Number every side effect in this process; yields their names as they happen. `after` is called with the number
    once a side effect is done."""
    effects: list[str] = []
    saved = [(owner, name, getattr(owner, name)) for owner, names in owners.items() for name in names]
    for owner, name, original in saved:
        setattr(owner, name, _numbered(original, name, effects, after))
    try:
        yield effects
    finally:
        for owner, name, original in saved:
            setattr(owner, name, original)


def _numbered(original: Any, name: str, effects: list[str], after: Callable[[int], None]) -> Any:
    def call(*arguments: Any, **options: Any) -> Any:
        result = original(*arguments, **options)
        effects.append(name)
        after(len(effects))
        return result

    return call


def kill_after(number: int, owners: Owners, work: Callable[[], object]) -> None:
    """Do the work in a forked process that dies by SIGKILL right after that side effect."""
    child = os.fork()
    if child == 0:
        try:
            with numbered(owners, lambda current: die() if current == number else None):
                work()
        finally:
            os._exit(3)  # it was to be killed, and was not
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"side effect {number} was never reached"


def die() -> None:
    """What a power cut does."""
    os.kill(os.getpid(), signal.SIGKILL)
