"""Steps, Assets, and the night that a run is for.

A DAG file names steps and their order; a step calls one verb of the package. DAG files are parsed
often, so nothing heavy is imported before a task runs.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, Connection, Param, get_current_context, task
from airflow.sdk.exceptions import AirflowNotFoundException

from reveil.errors import BadInput, Busy, NeedsApproval, ReveilError
from reveil.instants import naive_utc, parse_instant
from reveil.settings import Settings, load_settings

log = logging.getLogger("reveil")

POOL = "warehouse"
"""One slot: tasks that open the warehouse wait in Airflow rather than at the file lock."""

ESP_RESULTS = Asset("esp_results")
CONTACT_STATUS = Asset("contact_status")
BATCHES_PUSHED = Asset("batches_pushed")

START = datetime(1990, 1, 1, tzinfo=UTC)
"""Before any night of the sample data: Airflow silently skips the tasks of a run before the start date."""

AS_OF = {
    "as_of": Param(
        None, type=["null", "string"], description="The night as UTC instant, e.g. 1998-07-01; empty: the run's own"
    )
}


def step(verb: str, *, outlet: Asset | None = None, **task_options: Any) -> Any:
    """A task that runs one verb of `reveil.verbs.STEPS` for the run's night.

    Its XCom holds counts and paths only. With `outlet`, the night travels on to the DAGs that the Asset triggers.
    """

    @task(
        task_id=verb.replace(" ", "_"),
        pool=POOL,
        outlets=[outlet] if outlet else [],
        **task_options,
    )
    def run_verb() -> dict[str, Any]:
        return run_step(verb, get_current_context(), outlet=outlet)

    return run_verb()


def run_step(
    verb: str,
    context: Any,
    *,
    outlet: Asset | None = None,
    approved_by: str | None = None,
    may_ask: bool = False,
) -> dict[str, Any]:
    """Run the verb for the night of `context`; its figures. NeedsApproval leaves as it is with `may_ask`, every other
    error as Airflow's, by whether a retry can help."""
    settings = settings_of_connections()
    as_of = night_of(context, settings)
    figures = _run(verb, settings, as_of, approved_by, may_ask)
    if outlet:
        context["outlet_events"][outlet].extra = {"as_of": as_of.isoformat()}
    return figures


def _run(verb: str, settings: Settings, as_of: datetime, approved_by: str | None, may_ask: bool) -> dict[str, Any]:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    from reveil.verbs import take

    try:
        return dict(take(verb, settings, as_of, approved_by).figures)
    except ReveilError as error:
        if may_ask and isinstance(error, NeedsApproval):
            raise
        log.error("%s: %s", verb, error)
        # raised anew: the frames where it happened hold recipients, and Airflow can be told to print them
        kind = AirflowException if may_pass(error) else AirflowFailException
        raise kind(f"{verb}: {error}") from None
    except Exception as error:  # noqa: BLE001 - raised again, without words that may quote a cell
        log.error("%s: unexpected %s at %s", verb, type(error).__name__, place_of(error))
        raise AirflowFailException(f"{verb}: unexpected {type(error).__name__} at {place_of(error)}") from None


def place_of(error: BaseException) -> str:
    """File and line of this package where an error passed last."""
    package = Path(__file__).parents[1]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if package in Path(frame.filename).parents]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"


def may_pass(error: ReveilError) -> bool:
    """Whether a retry can help: a busy warehouse or an ESP in trouble, but not bad input or a failed check."""
    from reveil.esp.base import EspUnavailable, EspUncertain

    return isinstance(error, (Busy, EspUnavailable, EspUncertain))


def night_of(context: Mapping[str, Any], settings: Settings) -> datetime:
    """The instant that a run looks from, naive UTC.

    From params.as_of; else from the Asset event that triggered the run; else from the end of its data
    interval. A run triggered by an Asset has no logical date, so there is nothing else to fall back on: BadInput.
    """
    given = (context.get("params") or {}).get("as_of")
    if given:
        return parse_instant(str(given))
    handed_on = [
        event.extra["as_of"]
        for events in (context.get("triggering_asset_events") or {}).values()
        for event in events
        if "as_of" in (event.extra or {})
    ]
    if handed_on:
        return max(parse_instant(one) for one in handed_on)
    interval_end = context.get("data_interval_end")
    if interval_end is None:
        raise BadInput("no night: the run has no as_of param, no Asset event with as_of and no data interval")
    return _not_after_sandbox(naive_utc(interval_end), settings)


def _not_after_sandbox(as_of: datetime, settings: Settings) -> datetime:
    """The sandbox lives in a time of its own: a night after its clock has not come there yet."""
    if not settings.esp.is_sandbox:
        return as_of
    from reveil.verbs import sandbox_now

    return min(as_of, sandbox_now(settings))


def settings_of_connections() -> Settings:
    """Settings, with the address and credentials of the connection esp_default and the data folder of the connection
    warehouse where Airflow has them."""
    settings = load_settings()
    esp = _connection("esp_default")
    if esp is not None:
        provider = (esp.extra_dejson or {}).get("provider")
        settings = settings.with_esp(url=_url(esp), user=esp.login, token=esp.password, provider=provider)
    warehouse = _connection("warehouse")
    if warehouse is not None and (warehouse.extra_dejson or {}).get("data"):
        settings = settings.with_data(warehouse.extra_dejson["data"])
    return settings


def _connection(conn_id: str) -> Any:
    try:
        return Connection.get(conn_id)
    except AirflowNotFoundException:
        return None


def _url(connection: Any) -> str:
    if "://" in connection.host:
        return str(connection.host)
    return f"{connection.schema or 'http'}://{connection.host}" + (f":{connection.port}" if connection.port else "")


def notify_failure(context: Mapping[str, Any]) -> None:
    """Tell the webhook of the settings which task failed: names and ids only, never the exception's text."""
    instance = context["task_instance"]
    message = {"dag": instance.dag_id, "task": instance.task_id, "run": instance.run_id, "try": instance.try_number}
    log.error("failed: %s", json.dumps(message))
    webhook = load_settings().notify_webhook
    if webhook:
        import requests

        try:
            requests.post(webhook, json={"text": f"reveil: task failed: {json.dumps(message)}"}, timeout=10)
        except requests.RequestException as error:
            log.error("the notify_webhook was not reached: %s", type(error).__name__)  # its address may hold a secret


DEFAULT_ARGS = {
    "owner": "crm",
    "retries": 3,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=30),
    "on_failure_callback": notify_failure,
}

DAG_OPTIONS: dict[str, Any] = {
    "start_date": START,
    "catchup": False,
    "max_active_runs": 1,
    "params": AS_OF,
    "default_args": DEFAULT_ARGS,
    "tags": ["reveil"],
}
