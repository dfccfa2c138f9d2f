"""What `make bench` runs, at a size that takes seconds: a figure is only worth what still runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reveil.settings import PROJECT


@pytest.mark.parametrize(
    ("script", "words", "told"),
    [
        ("push.py", ("--contacts", "20"), "times (limit 1.5)"),
        pytest.param("gather.py", ("--events", "2000"), "'known': 2000", marks=pytest.mark.slow),
        pytest.param(
            "next_step.py", ("--contacts", "2000", "--messaged", "200"), "the decision:", marks=pytest.mark.slow
        ),
        pytest.param(
            "status_models.py",
            ("--events", "10000", "--only", "whole"),
            "rows that differ: {'the one query': 0, 'Polars': 0}",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_benchmark_runs_to_its_figures(script: str, words: tuple[str, ...], told: str) -> None:
    command = [sys.executable, str(PROJECT / "bench" / script), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert told in done.stdout
