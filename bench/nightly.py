"""How long a night takes on the CDNOW sample, step by step: one cold night, then warm ones in the same folder.

    python bench/nightly.py [--nights 3]

Prints seconds of wall time per step, and what is spent around the steps (Airflow, imports, the sandbox). These
machines are shared: read the shares, not the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def night(data: Path) -> tuple[float, dict[str, float]]:
    """One `reveil nightly --airflow` in a fresh process: its wall seconds, and those of each step."""
    command = [str(Path(sys.executable).with_name("reveil")), "nightly", "--airflow", "--sample", "cdnow", "--json"]
    environment = {**os.environ, "REVEIL_DATA": str(data / "data"), "AIRFLOW_HOME": str(data / "airflow")}
    started = time.monotonic()
    ended = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=True)
    wall = time.monotonic() - started
    steps = json.loads(ended.stdout.splitlines()[-1])["steps"]
    return wall, {name: figures["seconds"] for name, figures in steps.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=3)
    nights = parser.parse_args().nights
    with tempfile.TemporaryDirectory() as folder:
        runs = [night(Path(folder)) for _ in range(nights)]
    names = sorted(runs[0][1], key=lambda name: -runs[-1][1][name])
    print(f"{'seconds':18}" + "".join(f"{'cold' if n == 0 else f'warm {n}':>10}" for n in range(nights)))
    for name in names:
        print(f"{name:18}" + "".join(f"{steps[name]:10.1f}" for _, steps in runs))
    print(f"{'around the steps':18}" + "".join(f"{wall - sum(steps.values()):10.1f}" for wall, steps in runs))
    print(f"{'whole':18}" + "".join(f"{wall:10.1f}" for wall, _ in runs))


if __name__ == "__main__":
    main()
