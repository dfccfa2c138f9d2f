"""Airflow's own traces of old runs: what its tasks returned, rendered and logged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.configuration import AIRFLOW_HOME

from reveil.airflow.night import airflow_log, cli, prepare
from reveil.report import Report
from reveil.settings import Settings

_NIGHT_LOG = "night.log"


def clean(settings: Settings, now: datetime) -> Report:
    """Remove runs, XCom, rendered fields and log files older than `log_keep_days` before `now` (naive UTC, the clock:
    Airflow dates its rows by it), and leave no archive tables behind."""
    before = now.replace(tzinfo=UTC) - timedelta(days=settings.log_keep_days)
    prepare()
    _rotate(now)
    with airflow_log():
        cli(
            *("db", "clean", "--clean-before-timestamp", before.isoformat()),
            *("--skip-archive", "--yes", "--error-on-cleanup-failure"),
        )
        # copies that an `airflow db clean` without --skip-archive has left
        cli("db", "drop-archived", "--yes")
    files = [file for file in _logs() if file.stat().st_mtime < before.timestamp()]
    for file in files:
        file.unlink()
    _remove_empty_folders()
    lines = (f"Airflow's rows and {len(files)} log files from before {before:%Y-%m-%d} are gone",)
    return Report("airflow-clean", lines, {"before": before.isoformat(), "log_files": len(files)})


def _folder() -> Path:
    return Path(AIRFLOW_HOME) / "logs"


def _logs() -> Iterator[Path]:
    return (file for file in sorted(_folder().rglob("*")) if file.is_file())


def _rotate(now: datetime) -> None:
    """The log of the nights in one process is begun anew, so that its older part can go, too."""
    file = _folder() / _NIGHT_LOG
    if file.exists() and file.stat().st_size:
        file.rename(file.with_name(f"night-{now:%Y-%m-%dT%H%M%S}.log"))


def _remove_empty_folders() -> None:
    for folder in sorted((path for path in _folder().rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
