"""The four DAGs: what Airflow makes of their files, and which night a run is for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from commands import Desk
from webhooks import Webhook, listening

from reveil.errors import BadInput, Busy, Refused
from reveil.esp.base import EspDenied, EspRejected, EspUnavailable, EspUncertain
from reveil.sandbox import running
from reveil.settings import EspSettings, Settings

CHAIN = {
    "gather_results": "0 2 * * *",
    "build_contact_status": ["esp_results"],
    "push_reactivation": ["contact_status"],
    "delete_personal_data": ["batches_pushed"],
}
"""Each DAG and what starts it, in the order of a night."""
STEPS = {
    "gather_results": ["gather"],
    "build_contact_status": ["load", "check_raw", "build", "check_marts", "publish"],
    "push_reactivation": ["sync_regular", "plan", "check_audience", "push"],
    "delete_personal_data": ["erase", "close_night"],
}
PARSE_SECONDS = 2
NIGHT = datetime(1998, 7, 1)


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a fresh process saw that parsed the DAG files as Airflow does."""
    desk = Desk(tmp_path_factory.mktemp("parsed"))
    script = Path(__file__).with_name("describe.py")
    done = subprocess.run(
        [sys.executable, script], env=desk.environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def dags(parsed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(parsed["dags"])


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that the tasks run in, with Airflow at home in a folder of the test's own."""
    desk = Desk(tmp_path)
    for name, value in desk.environment.items():
        if name.startswith(("REVEIL_", "AIRFLOW")):
            monkeypatch.setenv(name, value)
    from reveil.airflow import steps as module

    return module


def test_there_are_exactly_the_four_dags_and_no_import_error(parsed: dict[str, Any]) -> None:
    assert parsed["import_errors"] == {}
    assert set(parsed["dags"]) == set(CHAIN)


def test_parsing_all_dag_files_takes_under_two_seconds(parsed: dict[str, Any]) -> None:
    assert parsed["seconds"] < PARSE_SECONDS


def test_parsing_imports_no_heavy_library_and_no_verb(parsed: dict[str, Any]) -> None:
    assert parsed["heavy"] == []
    assert set(parsed["reveil"]) <= {
        "reveil.airflow",
        "reveil.airflow.approval",
        "reveil.airflow.steps",
        "reveil.errors",
        "reveil.instants",
        "reveil.report",
        "reveil.settings",
    }


def test_one_dag_has_a_cron_and_each_other_waits_for_the_one_before(dags: dict[str, dict[str, Any]]) -> None:
    assert {name: dag["schedule"] for name, dag in dags.items()} == CHAIN
    handed_on = {
        name: [asset for task in dag["tasks"].values() for asset in task["outlets"]] for name, dag in dags.items()
    }
    for earlier, later in zip(list(CHAIN), list(CHAIN)[1:], strict=False):
        assert handed_on[earlier] == CHAIN[later]
    assert handed_on["delete_personal_data"] == []


def test_steps_run_one_after_the_other_and_the_last_hands_the_night_on(dags: dict[str, dict[str, Any]]) -> None:
    for name, expected in STEPS.items():
        tasks = dags[name]["tasks"]
        assert set(tasks) == set(expected)
        before: list[str] = []
        for step in expected:
            assert tasks[step]["after"] == before
            before = [step]


def test_the_dags_together_are_the_whole_night_in_order(dags: dict[str, dict[str, Any]]) -> None:
    from reveil.verbs import STEPS as VERBS

    assert [step.replace("_", " ") for name in CHAIN for step in STEPS[name]] == list(VERBS)


def test_every_task_waits_for_the_warehouses_one_slot_is_retried_and_tells_of_failure(
    dags: dict[str, dict[str, Any]],
) -> None:
    for dag in dags.values():
        for task in dag["tasks"].values():
            assert task["pool"] == "warehouse"
            assert task["retries"] >= 1
            assert task["callbacks"] == ["notify_failure"]


def test_every_dag_carries_a_runbook(dags: dict[str, dict[str, Any]]) -> None:
    for name, dag in dags.items():
        text = " ".join(dag["doc"].split())
        assert "**In case of failure**" in text, name
        assert "rerun is safe" in text, name


def test_runs_do_not_overlap_and_no_night_is_before_the_start(dags: dict[str, dict[str, Any]]) -> None:
    for dag in dags.values():
        assert dag["max_active_runs"] == 1
        assert dag["catchup"] is False
        assert datetime.fromisoformat(dag["start"]) < datetime(1997, 1, 1, tzinfo=UTC)
        assert dag["params"] == ["as_of"]


# the night of a run


def real(tmp_path: Path) -> Settings:
    """Settings whose nights are the clock's, not a sandbox's."""
    return Settings(data=tmp_path, esp=EspSettings(provider="listmonk"))


def event(**extra: str) -> SimpleNamespace:
    return SimpleNamespace(extra=extra)


def context(
    param: str | None = None,
    events: dict[str, list[SimpleNamespace]] | None = None,
    interval_end: datetime | None = None,
) -> dict[str, Any]:
    """Like Airflow's: a run that an Asset triggered has no interval, a scheduled one no events."""
    return {"params": {"as_of": param}, "triggering_asset_events": events or {}, "data_interval_end": interval_end}


def test_the_param_wins_over_everything(steps: ModuleType, tmp_path: Path) -> None:
    here = context("1998-07-01T02:00:00+02:00", {"a": [event(as_of="1998-07-03")]}, datetime(1998, 7, 4, tzinfo=UTC))
    assert steps.night_of(here, real(tmp_path)) == datetime(1998, 7, 1)


def test_a_follower_takes_the_night_of_the_event_that_triggered_it(steps: ModuleType, tmp_path: Path) -> None:
    here = context(events={"a": [event(as_of="1998-07-01T00:00:00")]}, interval_end=datetime(1998, 7, 4, tzinfo=UTC))
    assert steps.night_of(here, real(tmp_path)) == NIGHT


def test_of_several_events_the_newest_night_counts(steps: ModuleType, tmp_path: Path) -> None:
    events = {"a": [event(as_of="1998-07-01"), event(as_of="1998-07-02")], "b": [event(as_of="1998-06-30"), event()]}
    assert steps.night_of(context(events=events), real(tmp_path)) == datetime(1998, 7, 2)


def test_a_scheduled_run_is_for_the_end_of_its_interval(steps: ModuleType, tmp_path: Path) -> None:
    zone = datetime.fromisoformat("2026-11-22T03:00:00+01:00")
    assert steps.night_of(context(interval_end=zone), real(tmp_path)) == datetime(2026, 11, 22, 2)


@pytest.mark.parametrize("events", [{}, {"a": []}, {"a": [event()]}, {"a": [event(other="1998-07-01")]}])
def test_without_a_night_a_run_fails_and_says_what_it_lacks(
    steps: ModuleType, tmp_path: Path, events: dict[str, list[SimpleNamespace]]
) -> None:
    with pytest.raises(BadInput, match="no night"):
        steps.night_of(context(events=events), real(tmp_path))


def test_a_param_that_is_no_instant_is_refused(steps: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="as-of"):
        steps.night_of(context("tonight"), real(tmp_path))


def test_with_the_sandbox_a_scheduled_night_is_never_after_its_clock(steps: ModuleType, tmp_path: Path) -> None:
    with running(tmp_path / "sandbox", clock=NIGHT) as handle:
        sandbox = Settings(data=tmp_path).with_esp(url=handle.url, user=handle.user, token=handle.token)
        later = context(interval_end=datetime(2026, 11, 22, tzinfo=UTC))
        earlier = context(interval_end=datetime(1998, 6, 30, tzinfo=UTC))
        assert steps.night_of(later, sandbox) == NIGHT
        assert steps.night_of(earlier, sandbox) == NIGHT - timedelta(days=1)


# failures


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (Busy("held"), True),
        (EspUnavailable("down"), True),
        (EspUncertain("cut"), True),
        (BadInput("a file"), False),
        (Refused("a check"), False),
        (EspDenied("credentials"), False),
        (EspRejected("no"), False),
    ],
)
def test_only_what_may_pass_is_retried(steps: ModuleType, error: Exception, passes: bool) -> None:
    assert steps.may_pass(error) is passes


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with listening() as there:
        yield there


FAILED = {
    "task_instance": SimpleNamespace(dag_id="push_reactivation", task_id="push", run_id="manual__1", try_number=2),
    "exception": ValueError("could not convert 'zoe.quarrel@orange.example'"),
    "reason": "zoe.quarrel@orange.example",
}


def test_a_failure_is_told_by_names_and_ids_alone(
    steps: ModuleType, webhook: Webhook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "with_webhook.yml"
    file.write_text(f"notify_webhook: {webhook.url}\n")
    monkeypatch.setenv("REVEIL_SETTINGS", str(file))
    steps.notify_failure(FAILED)
    assert len(webhook.bodies) == 1
    told = json.loads(webhook.bodies[0])["text"]
    assert all(word in told for word in ("push_reactivation", "push", "manual__1", "2"))
    assert "quarrel" not in webhook.bodies[0]
    assert "convert" not in webhook.bodies[0]


def test_without_a_webhook_a_failure_is_only_logged(
    steps: ModuleType, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    steps.notify_failure(FAILED)
    assert webhook.bodies == []
    assert "push_reactivation" in caplog.text
    assert "quarrel" not in caplog.text


def test_connections_name_the_provider_and_the_data_folder(
    steps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REVEIL_DATA", "REVEIL_ESP_PROVIDER"):
        monkeypatch.delenv(name)
    esp = {"conn_type": "http", "host": "esp.example", "port": 9000, "login": "pipeline", "password": "word"}
    esp |= {"schema": "https", "extra": {"provider": "listmonk"}}
    warehouse = {"conn_type": "generic", "extra": {"data": str(tmp_path / "elsewhere")}}
    monkeypatch.setenv("AIRFLOW_CONN_ESP_DEFAULT", json.dumps(esp))
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(warehouse))
    settings = steps.settings_of_connections()
    assert settings.esp.provider == "listmonk"
    assert settings.esp.url == "https://esp.example:9000"
    assert (settings.esp.user, settings.esp.token.get_secret_value()) == ("pipeline", "word")
    assert settings.data == tmp_path / "elsewhere"


def test_without_connections_the_environment_and_the_file_count(steps: ModuleType, tmp_path: Path) -> None:
    settings = steps.settings_of_connections()
    assert settings.esp.provider == "sandbox"
    assert settings.data == tmp_path / "data"
