"""Killing a process between two side effects, for tests of what goes on afterwards."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reveil.esp.http import HttpSession
from reveil.warehouse import Warehouse

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


@contextmanager
def side_effects(after: Callable[[int], None] = lambda _: None) -> Iterator[list[str]]:
    """Number every side effect where it leaves this process, whoever caused it: a request to the provider that may
    change something, answered or not, and the end of a connection that was opened for writing."""
    effects: list[str] = []
    once, write = HttpSession._once, Warehouse.write

    def note(effect: str) -> None:
        effects.append(effect)
        after(len(effects))

    def counted_once(self: HttpSession, method: str, path: str, *arguments: Any, **options: Any) -> Any:
        try:
            return once(self, method, path, *arguments, **options)
        finally:
            if method != "GET":
                note(f"{method} {path}")

    @contextmanager
    def counted_write(self: Warehouse, purpose: str) -> Iterator[Any]:
        with write(self, purpose) as connection:
            yield connection
        note(f"write {purpose}")

    HttpSession._once, Warehouse.write = counted_once, counted_write  # type: ignore[method-assign]
    try:
        yield effects
    finally:
        HttpSession._once, Warehouse.write = once, write  # type: ignore[method-assign]


def kill_after(number: int, work: Callable[[], object], owners: Owners | None = None) -> None:
    """Do the work in a forked process that dies by SIGKILL right after that side effect."""

    def stop(current: int) -> None:
        if current == number:
            die()

    child = os.fork()
    if child == 0:
        try:
            with numbered(owners, stop) if owners else side_effects(stop):
                work()
        finally:
            os._exit(3)  # it was to be killed, and was not
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"side effect {number} was never reached"


def kill_within(seconds: float, work: Callable[[], object]) -> bool:
    """Do the work in a forked process, killed after so many seconds; whether it was killed rather than ended."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:  # what a failing provider told it does not matter: the next run goes on
            os._exit(0)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            return False
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def die() -> None:
    """What a power cut does."""
    os.kill(os.getpid(), signal.SIGKILL)
