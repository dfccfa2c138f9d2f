"""Run as a script: parses the DAG files as Airflow does and tells what they hold, one JSON object on stdout."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from reveil.settings import load_settings, provide_airflow_environment

HEAVY = ("dbt", "duckdb", "great_expectations", "pandas", "requests", "sqlalchemy_duckdb", "starlette")


def main() -> None:
    settings = load_settings()
    provide_airflow_environment(settings)
    from airflow.dag_processing.dagbag import DagBag  # Airflow reads its settings when it is imported

    before = set(sys.modules)
    begin = time.perf_counter()
    bag = DagBag(settings.project / "dags")
    seconds = time.perf_counter() - begin
    added = {name.split(".")[0] for name in set(sys.modules) - before}
    described = {
        "seconds": seconds,
        "heavy": sorted(added & set(HEAVY)),
        "reveil": sorted(name for name in sys.modules if name.startswith("reveil.")),
        "import_errors": dict(bag.import_errors),
        "dags": {dag_id: _dag(dag) for dag_id, dag in bag.dags.items()},
    }
    sys.stdout.write("\n" + json.dumps(described) + "\n")


def _dag(dag: Any) -> dict[str, Any]:
    return {
        "schedule": dag.schedule if isinstance(dag.schedule, str) else [asset.name for asset in dag.schedule],
        "doc": dag.doc_md,
        "max_active_runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "start": dag.start_date.isoformat(),
        "params": sorted(dag.params),
        "tasks": {task.task_id: _task(task) for task in dag.tasks},
    }


def _task(task: Any) -> dict[str, Any]:
    return {
        "pool": task.pool,
        "retries": task.retries,
        "callbacks": [callback.__name__ for callback in task.on_failure_callback],
        "after": sorted(task.upstream_task_ids),
        "outlets": [asset.name for asset in task.outlets],
    }


if __name__ == "__main__":
    main()
