"""Airflow's own traces go with their time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from commands import Desk


def test_old_runs_their_rendered_fields_and_logs_go_and_no_archive_stays(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    script = Path(__file__).with_name("clean_airflow.py")
    done = subprocess.run(
        [sys.executable, script], env=desk.environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    before, same_day, a_month_later = json.loads(done.stdout.splitlines()[-1])
    assert all(before["rows"].values()), before
    assert before["logs"]
    assert before["archived"]

    # a run of today stays, copies that another clean-up left do not
    assert same_day["rows"]["task_instance"] == before["rows"]["task_instance"]
    assert same_day["archived"] == []

    rows = a_month_later["rows"]
    assert (rows["dag_run"], rows["task_instance"], rows["rendered_task_instance_fields"]) == (0, 0, 0)
    assert a_month_later["archived"] == []
    assert len(a_month_later["logs"]) <= 1  # what the clean-up itself wrote
