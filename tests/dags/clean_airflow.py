"""A run in an Airflow of its own, then the clean-up as of two moments; tells what was there each time."""

import json
import os
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reveil.settings import load_settings, provide_airflow_environment

settings = load_settings()
provide_airflow_environment(settings)

from airflow.dag_processing.dagbag import DagBag  # noqa: E402

from reveil.airflow.clean import clean  # noqa: E402
from reveil.airflow.night import airflow_log, prepare  # noqa: E402

HOME = Path(os.environ["AIRFLOW_HOME"])
TABLES = ("dag_run", "task_instance", "rendered_task_instance_fields", "log")


def seen() -> dict[str, object]:
    with sqlite3.connect(HOME / "airflow.db") as connection:
        counts = {table: connection.execute(f"select count(*) from {table}").fetchone()[0] for table in TABLES}
        archived = connection.execute("select name from sqlite_master where name like '_airflow_deleted%'").fetchall()
    return {"rows": counts, "archived": archived, "logs": [file.name for file in (HOME / "logs").rglob("*.log")]}


prepare()
with airflow_log():
    # there is no warehouse: the task fails, and leaves the traces that every task leaves
    run = (
        DagBag(settings.project / "dags")
        .dags["delete_personal_data"]
        .test(logical_date=None, run_conf={"as_of": "1998-07-01T00:00:00"})
    )
with sqlite3.connect(HOME / "airflow.db") as connection:
    connection.execute("create table _airflow_deleted__xcom__20200101000000__x as select 1 as a")
now = datetime.now(UTC).replace(tzinfo=None)
told = [seen()]
for moment in (now, now + timedelta(days=settings.log_keep_days, hours=1)):
    clean(settings, moment)
    told.append(seen())
json.dump(told, sys.stdout)
