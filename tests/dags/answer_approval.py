"""The step that plans, in an Airflow of its own, at a provider that is no sandbox: it waits until a person answers on
Airflow's pages. Run as a script with the night and the answer; tells what was asked, and how it ended."""

import json
import sys
import threading
import time
from types import SimpleNamespace

from reveil.settings import load_settings, provide_airflow_environment

settings = load_settings()
provide_airflow_environment(settings)

from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload  # noqa: E402
from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail  # noqa: E402
from airflow.dag_processing.dagbag import DagBag  # noqa: E402
from airflow.models.hitl import HITLDetail  # noqa: E402
from airflow.utils.session import create_session  # noqa: E402

from reveil.airflow.night import airflow_log, prepare  # noqa: E402

AS_OF, ANSWER = sys.argv[1:]
PERSON = SimpleNamespace(get_id=lambda: "ann", get_name=lambda: "Ann of data")
asked: dict[str, object] = {}


def answer() -> None:
    """What the page does when its button is pressed."""
    for _ in range(600):
        with create_session() as session:
            waiting = session.query(HITLDetail).join(HITLDetail.task_instance).filter_by(state="awaiting_input").first()
            if waiting is not None:
                task = waiting.task_instance
                asked.update(subject=waiting.subject, body=waiting.body, task=task.task_id)
                payload = UpdateHITLDetailPayload(chosen_options=[ANSWER], params_input={})
                update_hitl_detail(task.dag_id, task.run_id, task.task_id, payload, PERSON, session)
                return
        time.sleep(0.1)


prepare()
with airflow_log():
    dag = DagBag(settings.project / "dags").dags["push_reactivation"].partial_subset("plan", include_upstream=False)
    person = threading.Thread(target=answer, daemon=True)
    person.start()
    run = dag.test(logical_date=None, run_conf={"as_of": AS_OF})
    person.join()
json.dump({"asked": asked, "state": run.state}, sys.stdout)
