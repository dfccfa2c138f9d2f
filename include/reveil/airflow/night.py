"""One night through Airflow in this process: metadata made ready once, then the DAGs in turn."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import airflow
from airflow.cli.cli_parser import get_parser
from airflow.dag_processing.dagbag import DagBag
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState

from reveil.airflow.approval import ApprovableStep
from reveil.airflow.steps import POOL
from reveil.errors import Refused
from reveil.report import Report
from reveil.settings import Settings

ORDER = ("gather_results", "build_contact_status", "push_reactivation", "delete_personal_data")

log = logging.getLogger("reveil")


def run_dags(settings: Settings, as_of: datetime) -> dict[str, dict[str, Any]]:
    """Run the four DAGs for the night, as the scheduler would: the first by its date, the others without one.

    Returns the figures of every step. Raises Refused naming the step that failed; its own words stand above in the
    progress. Airflow's log of the night goes to logs/night.log in Airflow's home.
    """
    prepare()
    figures: dict[str, dict[str, Any]] = {}
    with _environment(settings), airflow_log() as file:
        bag = DagBag(settings.project / "dags")
        if bag.import_errors:
            raise Refused(f"DAG files with errors: {', '.join(bag.import_errors)}; see {file}")
        for dag_id in ORDER:
            figures.update(_run_dag(bag, dag_id, as_of, file))
    return figures


def _run_dag(bag: DagBag, dag_id: str, as_of: datetime, file: Path) -> dict[str, dict[str, Any]]:
    log.info("%s", dag_id)
    dag = bag.dags[dag_id]
    for task in dag.tasks:
        task.retries = 0  # a person is waiting; what may pass is retried by the next `make nightly`
        if isinstance(task, ApprovableStep):
            task.is_attended = False
    if dag_id == ORDER[0]:
        run = dag.test(logical_date=as_of.replace(tzinfo=UTC))
    else:
        run = dag.test(logical_date=None, run_conf={"as_of": as_of.isoformat()})
    if run.state != DagRunState.SUCCESS:
        raise Refused(f"{dag_id} failed; the reason stands above, Airflow's log in {file}")
    with create_session() as session:
        rows = session.query(XComModel).filter_by(dag_id=dag_id, run_id=run.run_id, key="return_value").all()
        return {row.task_id.replace("_", " "): XComModel.deserialize_value(row) for row in rows}


def standalone(settings: Settings) -> Report:
    """Airflow's web server, scheduler and the rest as one child process, until it ends."""
    prepare()
    with _environment(settings):
        binaries = Path(sys.executable).parent
        # its components are started by name
        environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"}
        # a shell starts background jobs deaf to interrupts, and children inherit that; a handler of ours they do not
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with subprocess.Popen([str(binaries / "airflow"), "standalone"], env=environment) as child:
            for number in (signal.SIGINT, signal.SIGTERM):  # Airflow ends all its processes on an interrupt only
                signal.signal(number, lambda *_: child.send_signal(signal.SIGINT))
            returncode = child.wait()
    return Report("up", (f"Airflow ended with {returncode}",), {"returncode": returncode})


def prepare() -> None:
    """Airflow's metadata and the pool, made once for each version of Airflow."""
    home = Path(os.environ["AIRFLOW_HOME"])
    stamp = home / f".ready-{airflow.__version__}"
    if stamp.exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    with airflow_log():
        log.info("preparing Airflow's metadata (once)")
        cli("db", "migrate")
        cli("pools", "set", POOL, "1", "one task at a time may open the warehouse")
    stamp.touch()


def cli(*words: str) -> None:
    """A command of Airflow's own, in this process."""
    arguments = get_parser().parse_args(list(words))
    arguments.func(arguments)


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """The two connections for this night, where Airflow looks first: the environment."""
    esp = {
        "conn_type": "http",
        "host": settings.esp.url,
        "login": settings.esp.user,
        "password": settings.esp.token.get_secret_value(),
        "extra": {"provider": settings.esp.provider},
    }
    warehouse = {"conn_type": "generic", "extra": {"data": str(settings.data)}}
    values = {"AIRFLOW_CONN_ESP_DEFAULT": json.dumps(esp), "AIRFLOW_CONN_WAREHOUSE": json.dumps(warehouse)}
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


@contextmanager
def airflow_log() -> Iterator[Path]:
    """Airflow talks a lot on stdout and stderr: all of it goes to a file, the progress of our steps to the terminal."""
    file = Path(os.environ["AIRFLOW_HOME"]) / "logs" / "night.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    terminal = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8")
    handler = logging.StreamHandler(terminal)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    with file.open("ab") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    try:
        yield file
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, original in zip((1, 2), saved, strict=True):
            os.dup2(original, descriptor)
            os.close(original)
        log.removeHandler(handler)
        terminal.close()
