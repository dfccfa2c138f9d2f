"""Run as a script, with a copy of the project as its argument: night after night that fails in one way each, through
Airflow in one process, with addresses where each failure could quote them. Tells which task of each ended how."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import requests
from company import NIGHT, address, export, write

from reveil import verbs
from reveil.report import Report
from reveil.settings import PROJECT, Settings, load_settings, provide_airflow_environment
from reveil.warehouse import Warehouse

CONTACTS_HEAD = "contact_id,email,signed_up_at,marketing_consent,contact_kind,business_line,updated_at"


class Failures:
    """`project` is the copy whose dbt project and expectations are tampered with."""

    def __init__(self, project: Path) -> None:
        from reveil.airflow import night, steps  # after Airflow's environment is provided

        steps.load_settings = partial(load_settings, project=project)
        night.prepare()
        self.settings: Settings = steps.load_settings()
        self.bag = night.DagBag(PROJECT / "dags")
        self.states: dict[str, dict[str, str]] = {}

    def run(self, name: str, dag_id: str) -> None:
        dag = self.bag.dags[dag_id]
        for task in dag.tasks:
            task.retries = 0
        run = dag.test(logical_date=None, run_conf={"as_of": NIGHT.isoformat()})
        self.states[name] = {one.task_id: str(one.state) for one in run.get_task_instances()}

    @contextmanager
    def fault(self, match: str, kind: str) -> Iterator[None]:
        self._faults([{"match": match, "kind": kind, "times": 100}])
        yield
        self._faults([])

    def _faults(self, faults: list[dict[str, Any]]) -> None:
        esp = self.settings.esp
        with requests.Session() as session:
            session.trust_env = False
            session.auth = (esp.user, esp.token.get_secret_value())
            session.put(f"{esp.url}/sandbox/faults", json=faults, timeout=30).raise_for_status()

    @contextmanager
    def planted(self, name: str, text: str) -> Iterator[None]:
        file = self.settings.project / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        yield
        file.unlink()


def main(project: Path, told: Path) -> None:
    provide_airflow_environment(load_settings())
    here = Failures(project)
    export(here.settings.landing)
    _at_the_load(here)
    _at_the_gathering(here)
    _at_the_build(here)
    here.run("good", "build_contact_status")
    _at_the_push(here)
    _where_nobody_expected_one(here)
    told.write_text(json.dumps(here.states), encoding="utf-8")


def _at_the_gathering(here: Failures) -> None:
    with here.fault("GET /api/*", "403"):
        here.run("gather denied", "gather_results")
    with here.fault("GET /api/*", "500_before"):
        here.run("gather uncertain", "gather_results")


def _at_the_load(here: Failures) -> None:
    """Each bad row holds an address in another cell; more than one row in ten is bad."""
    bad = [
        ("m1", f"{address('m1')}\r\nBcc: x", "2024-01-01", "true", "", "fashion", "2025-03-09"),
        ("m2", address("m2"), address("m3"), "true", "", "fashion", "2025-03-09"),
        ("m4", address("m4"), "2024-01-01", address("m5"), "", "fashion", "2025-03-09"),
        ("m6", address("m6"), "2024-01-01", "true", address("m7"), "fashion", address("m8")),
    ]
    write(here.settings.landing / "crm_contacts" / "bad.csv", CONTACTS_HEAD, bad)
    here.run("rejects", "build_contact_status")
    clean = [("m9", address("m9"), "2024-01-01", "true", "", "fashion", "2025-03-09")]
    write(here.settings.landing / "crm_contacts" / "clean.csv", CONTACTS_HEAD, clean)


def _at_the_build(here: Failures) -> None:
    with (
        here.planted("dbt_project/tests/planted_rows.sql", "select email from {{ ref('contacts') }}"),
        here.planted("dbt_project/tests/planted_error.sql", "select cast(email as integer) from {{ ref('contacts') }}"),
    ):
        here.run("dbt tests", "build_contact_status")
    model = "select contact_id, cast(email as integer) as number from {{ ref('contacts') }}"
    with here.planted("dbt_project/models/intermediate/int_planted.sql", model):
        here.run("dbt model", "build_contact_status")
    with here.planted("expectations/marts/planted.yml", EXPECTATIONS):
        here.run("expectations", "build_contact_status")


EXPECTATIONS = """
table: marts.contacts
note: x
expectations:
  - {id: rows, type: expect_no_rows, note: x, kwargs: {query: select email from marts.contacts}}
  - {id: raises, type: expect_no_rows, note: x, kwargs: {query: select cast(email as integer) from marts.contacts}}
  - {id: a_set, type: expect_column_values_to_be_in_set, note: x, kwargs: {column: email, value_set: [nobody]}}
"""


def _at_the_push(here: Failures) -> None:
    with here.fault("POST /api/import/subscribers", "403"):
        here.run("sync denied", "push_reactivation")
    # it makes the same calls as a push, and would meet the faults first
    verbs.STEPS["sync regular"] = lambda *_: Report("sync-regular")
    with here.fault("POST /api/import/subscribers", "403"):
        here.run("push denied", "push_reactivation")
    with here.fault("POST /api/import/subscribers", "500_before"):
        here.run("push uncertain", "push_reactivation")
    with here.fault("GET /api/subscribers", "500_before"):
        here.run("reading back uncertain", "push_reactivation")


def _where_nobody_expected_one(here: Failures) -> None:
    def raising(settings: Settings, as_of: object) -> None:
        recipient = address("k00")
        raise ValueError(f"cannot write to {recipient}")

    verbs.STEPS["plan"] = raising  # type: ignore[assignment]
    here.run("unexpected", "push_reactivation")
    with Warehouse(here.settings).write("test") as connection:
        connection.execute("drop table marts.erasure_due")
        connection.execute(
            "create view marts.erasure_due as select 'request' as reason, cast(email as integer) as days_overdue"
            " from raw.crm_contacts"
        )
    here.run("conversion", "delete_personal_data")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
