"""What an erasure costs beside a bare copy of the same file: 1 % of the contacts, step by step, in one run.

    python bench/erasure.py [--contacts 1000000] [--events 50000000] [--folder DIR]

Prints seconds per step, the warehouse part (delete, rebuild, new file) as a multiple of a bare COPY FROM DATABASE, the
search in MB/s of decoded data, and the peak of memory. Needs about 10 GB of disk at the default size.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import synthetic
from synthetic import UNTIL, Size

from reveil import transform
from reveil.compliance import Compliance
from reveil.erasure import erase, steps
from reveil.rules import write_rules
from reveil.settings import Settings
from reveil.warehouse import Warehouse, connect

WAREHOUSE_PART = ("delete", "rebuild", "new file")


class Nobody:
    """A provider that knows nobody: its own time is not measured."""

    name = "sandbox"

    def find(self, *_: str) -> Sequence[Any]:
        return ()


def bare_copy(settings: Settings) -> float:
    copy = settings.data / "bare.duckdb"
    with connect(settings.warehouse, Warehouse(settings).config) as connection:
        started = time.monotonic()
        connection.execute(f"attach '{copy}' as bare")
        connection.execute("copy from database warehouse to bare")
        connection.execute("checkpoint bare")
        connection.execute("detach bare")
    seconds = time.monotonic() - started
    copy.unlink()
    return seconds


def timed(seconds: dict[str, float]) -> None:
    """Note how long each step takes."""
    for name, step in list(steps.STEPS.items()):

        def measured(run: steps.Run, state: Any, name: str = name, step: Any = step) -> Any:
            started = time.monotonic()
            facts = step(run, state)
            seconds[name] = time.monotonic() - started
            return facts

        steps.STEPS[name] = measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    size = Size(given.contacts, given.events, given.events // 20, given.events // 20, 5 * 365)
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        settings = Settings(data=Path(folder))
        synthetic.write(settings, size)
        with Warehouse(settings).write("bench") as connection:
            connection.execute(
                "insert into raw.crm_erasure_requests (request_id, contact_id, requested_at, load_id)"
                " select 'r' || contact_id, contact_id, ?, 1 from raw.crm_contacts order by contact_id limit ?",
                [UNTIL.replace(month=10), given.contacts // 100],
            )
        write_rules(settings)
        transform.build(settings, UNTIL)
        copied = bare_copy(settings)
        timed(seconds)
        report = erase(settings, lambda _: nullcontext(Nobody()), UNTIL, UNTIL, kinds=["requests"])  # type: ignore[arg-type, return-value]
        with Compliance(settings).read("bench") as connection:
            (seen,) = connection.execute("select verification from ledger").fetchall()[0]
    print("\n".join(report.lines))
    for name, one in seconds.items():
        print(f"{name:20}{one:8.1f} s")
    part = sum(seconds[name] for name in WAREHOUSE_PART)
    print(f"bare copy           {copied:8.1f} s; the warehouse part is {part / copied:.1f} times that")
    megabytes = json.loads(seen)["bytes"] / 1e6
    print(f"search              {megabytes:8,.0f} MB, {megabytes / seconds['verify']:,.0f} MB/s")
    print(f"peak memory         {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:8.1f} GB")


if __name__ == "__main__":
    main()
