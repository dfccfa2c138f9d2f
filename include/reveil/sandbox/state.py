"""All parts of one sandbox, put together on a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reveil.sandbox.clock import Clock, machine_time
from reveil.sandbox.faults import Faults
from reveil.sandbox.imports import Importer
from reveil.sandbox.options import Options
from reveil.sandbox.recipients import RatesFile
from reveil.sandbox.sending import Sender
from reveil.sandbox.store import Store


@dataclass(frozen=True)
class Sandbox:
    store: Store
    clock: Clock
    options: Options
    rates: RatesFile
    sender: Sender
    importer: Importer
    faults: Faults

    @classmethod
    def at(cls, folder: Path, wall: Callable[[], datetime] = machine_time) -> Sandbox:
        """Open or make the sandbox in a folder. Its sender does not run yet."""
        folder.mkdir(parents=True, exist_ok=True)
        store = Store(folder / "sandbox.sqlite")
        clock, options, rates = Clock(store, wall), Options(), RatesFile(folder / "rates.json")
        sender = Sender(store, clock, options, rates)
        return cls(store, clock, options, rates, sender, Importer(store, clock, options), Faults())
