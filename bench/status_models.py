"""What the status models cost: against one hand-written query, a bare scan and Polars on the same data, and whether a
night pays for history.

    python bench/status_models.py [--events 100000000] [--folder DIR] [--only whole|nights]

Every step runs in a process of its own, on two threads; wall and CPU seconds, and the peak of its memory. These
machines are shared: read the ratios. Needs about 10 GB of disk at the default size.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import synthetic
from synthetic import UNTIL, Size

from reveil import transform
from reveil.settings import Settings

MODELS = ("contact_recency", "contact_status", "contact_status_history")
PARQUET = ("crm_contacts", "crm_orders", "crm_logins", "esp_events")
NIGHTS = 3
MEMORY = "8GB"
FULL = "full build of the models (8 GB)"
BY_HAND = "one query by hand (8 GB)"
PAIRS = 3
HISTORIES = {"1.5 years": 547, "5 years": 1826}


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds, peak memory in GB, and what the step told."""

    wall: float
    cpu: float
    peak: float
    told: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.wall:8.1f} {self.cpu:8.1f} {self.peak:8.2f}"


def run(step: str, data: Path, **options: object) -> Cost:
    """One step in a fresh process."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(data), "--options", json.dumps(options)]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{step} failed")
        output.seek(0)
        told = json.loads(output.read().splitlines()[-1])
    return Cost(told.pop("wall"), told.pop("cpu"), used.ru_maxrss / 1e6, told)


# --- the steps, each in its own process ---------------------------------------------------------------------------


def write(settings: Settings, size: dict[str, int]) -> None:
    synthetic.write(settings, Size(**size))


def day(settings: Settings, size: dict[str, int], number: int) -> None:
    synthetic.write_day(settings, Size(**size), number)


def build(settings: Settings, as_of: str, full_refresh: bool = False, memory: str | None = None) -> dict[str, float]:
    settings = settings.model_copy(update={"memory_limit": memory or settings.memory_limit})
    return transform.build_only(settings, datetime.fromisoformat(as_of), MODELS, full_refresh=full_refresh)


def scan(settings: Settings) -> None:
    _opened(settings).execute(synthetic.statement("scan")).fetchall()


def one_query(settings: Settings, as_of: str) -> None:
    _opened(settings).execute(synthetic.statement("one_query"), {"as_of": datetime.fromisoformat(as_of)})


def compare(settings: Settings) -> dict[str, int]:
    found = _opened(settings).execute(synthetic.statement("compare_one_query")).fetchall()
    return {"different": found[0][0]}


def export(settings: Settings) -> None:
    connection = _opened(settings)
    for table in PARQUET:
        file = settings.data / f"{table}.parquet"
        connection.execute(f"copy raw.{table} to '{file}' (compression zstd)")


def polars(settings: Settings, as_of: str) -> None:
    from polars_features import features

    features(settings.data, datetime.fromisoformat(as_of)).write_parquet(settings.data / "polars.parquet")


def compare_polars(settings: Settings) -> dict[str, int]:
    file = str(settings.data / "polars.parquet")
    found = _opened(settings).execute(synthetic.statement("compare_polars"), {"file": file}).fetchall()
    return {"different": found[0][0]}


STEPS = {step.__name__: step for step in (write, day, build, scan, one_query, compare, export, polars, compare_polars)}


def _opened(settings: Settings) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {"threads": 2, "memory_limit": MEMORY, "temp_directory": str(settings.data / "tmp")}
    return duckdb.connect(str(settings.warehouse), config=config)


def step(name: str, data: Path, options: dict[str, Any]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    told = STEPS[name](Settings(data=data), **options)
    seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps({**seconds, "told": told}))


# --- the two questions ------------------------------------------------------------------------------------------


def whole(data: Path, size: Size) -> None:
    """A full build against the hand-written query, the bare scan and Polars."""
    at = UNTIL.isoformat()
    run("write", data, size=size.__dict__)
    costs = {"scan of the needed columns": run("scan", data)}
    costs["scan, again"] = run("scan", data)
    costs["full build of the models (4 GB)"] = run("build", data, as_of=at, full_refresh=True)
    builds, queries = [], []
    for number in range(1, PAIRS + 1):
        builds.append(run("build", data, as_of=at, full_refresh=True, memory=MEMORY))
        queries.append(run("one_query", data, as_of=at))
        costs |= {f"{FULL}, {number}": builds[-1], f"{BY_HAND}, {number}": queries[-1]}
    differences = {"the one query": run("compare", data).told["told"]["different"]}
    costs["the same night again"] = run("build", data, as_of=at)
    run("export", data)
    costs["Polars, contact_recency alone"] = run("polars", data, as_of=at)
    differences["Polars"] = run("compare_polars", data).told["told"]["different"]
    _table(costs)
    _ratios("full build / one query", builds, queries)
    _ratios("full build / scan", builds, [costs["scan, again"]] * PAIRS)
    print(f"rows that differ: {differences}")
    _slowest(builds[-1])


def nights(folder: Path, size: Size) -> None:
    """The same night with a year and a half of history, and with five."""
    medians = {}
    for name, days in HISTORIES.items():
        data = folder / name.replace(" ", "_")
        a_day = size.scaled_to(days)
        run("write", data, size=a_day.__dict__)
        costs = {"first build": run("build", data, as_of=UNTIL.isoformat())}
        for number in range(NIGHTS):
            run("day", data, size=a_day.__dict__, number=number)
            as_of = (UNTIL + timedelta(days=number + 1)).isoformat()
            costs[f"night {number + 1}"] = run("build", data, as_of=as_of)
        print(f"history of {name}: {a_day.events:,} events")
        _table(costs)
        ordered = sorted((costs[f"night {n + 1}"] for n in range(NIGHTS)), key=lambda cost: cost.cpu)
        medians[name] = ordered[NIGHTS // 2]
        _slowest(medians[name])
    short, long = medians.values()
    print(f"night with five years / with one and a half: {long.wall / short.wall:.2f} (CPU {long.cpu / short.cpu:.2f})")


def _table(costs: dict[str, Cost]) -> None:
    print(f"{'':36}{'wall s':>8} {'CPU s':>8} {'peak GB':>8}")
    for name, cost in costs.items():
        print(f"{name:36}{cost}")


def _ratios(of: str, costs: Sequence[Cost], others: Sequence[Cost]) -> None:
    """The middle one of the ratios of neighbours, which a machine that others use, too, slows down alike."""
    wall = sorted(one.wall / other.wall for one, other in zip(costs, others, strict=True))
    cpu = sorted(one.cpu / other.cpu for one, other in zip(costs, others, strict=True))
    print(f"{of} {median(wall):.2f} ({wall[0]:.2f} to {wall[-1]:.2f}; CPU {median(cpu):.2f})")


def _slowest(cost: Cost) -> None:
    seconds = sorted(cost.told["told"].items(), key=lambda item: -item[1])
    print("slowest nodes: " + ", ".join(f"{name} {spent:.1f}" for name, spent in seconds[:12]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", choices=("whole", "nights"))
    parser.add_argument("--step", choices=tuple(STEPS))
    parser.add_argument("--options", type=json.loads, default={})
    asked = parser.parse_args()
    if asked.step:
        step(asked.step, asked.folder, asked.options)
        return
    size = Size(asked.events // 100, asked.events, asked.events // 20, asked.events // 20, 730)
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        if asked.only != "nights":
            whole(Path(folder) / "whole", size)
        if asked.only != "whole":
            nights(Path(folder), size)


if __name__ == "__main__":
    main()
