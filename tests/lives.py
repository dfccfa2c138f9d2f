"""Months and years of nights of the CDNOW sample, played by `reveil replay` beside a witness."""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from commands import Desk
from witness import Witness

from reveil import verbs
from reveil.replay import Night, replay
from reveil.sandbox import SandboxHandle
from reveil.settings import Settings
from reveil.warehouse import Warehouse


@dataclass
class Life:
    """What the nights left."""

    settings: Settings
    handle: SandboxHandle
    witness: Witness
    export: Path
    """The landing files as they were before the first night."""
    nights: list[Night]
    lines: tuple[str, ...] = ()
    _deliveries: int = 0

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with Warehouse(self.settings).read("test") as connection:
            return connection.execute(query, values or None).fetchall()

    def deliver(self, table: str, night: datetime, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
        """A further file of the company's export."""
        folder = self.settings.landing / table
        folder.mkdir(exist_ok=True)
        with (folder / f"{night:%Y-%m-%d}.sample.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows(rows)

    def deliver_again(self, night: datetime) -> None:
        """The CRM's whole first export once more, as from a company that erased nobody. Unpacked: a file that was
        loaded before is known by its digest."""
        for file in sorted(self.export.glob("*.csv.gz")):
            table = file.name.partition(".")[0]
            folder = self.settings.landing / table
            folder.mkdir(exist_ok=True)
            content = gzip.decompress(file.read_bytes())
            (folder / f"{night:%Y-%m-%d}-again.sample.csv").write_bytes(content + b"\n" * self._deliveries)
        self._deliveries += 1


Happening = Callable[[Life, datetime], None]


def live(folder: Path, wheel: Path, nights: Iterable[datetime], happenings: Mapping[datetime, Happening]) -> Life:
    """Play the nights, one call of replay each, with what happens before some of them."""
    desk = Desk(folder, changes={"esp": {"poll_seconds": 0.02}})
    (desk.data / "cache").mkdir(parents=True)
    shutil.copy(wheel, desk.data / "cache")
    verbs.sample(desk.settings, "cdnow")
    export = folder / "export"
    shutil.copytree(desk.settings.landing, export)
    with verbs.located(desk.settings, clock=datetime(1997, 1, 1)) as there:
        handle = SandboxHandle(there.esp.url, there.esp.user, there.esp.token.get_secret_value(), 0)
        life = Life(there, handle, Witness(there, handle), export, [])
        for night in nights:
            happenings.get(night, _nothing)(life, night)
            report = replay(there, night, night, timedelta(days=1))
            life.witness.look(night)
            life.nights, life.lines = [Night(**one) for one in report.figures["nights"]], report.lines
    return life


def _nothing(life: Life, night: datetime) -> None:
    """What happens before most nights."""
