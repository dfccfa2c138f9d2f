"""A whole night by one command: through Airflow or without, with the sandbox around it, and a summary."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from reveil import permission, verbs
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, connect, sql

Figures = dict[str, dict[str, Any]]
Runner = Callable[[Settings, datetime], Figures]
"""Runs every step of a night; returns the figures per step."""


def nightly(settings: Settings, as_of: datetime | None, run: Runner) -> Report:
    """Run the night of `as_of` (default: the next one) and sum it up.

    With the sandbox, an embedded one is started at that night and stopped at the end. Raises what the steps raise.
    """
    with verbs.located(settings, clock=first_night(settings)) as there:
        night = as_of or next_night(there)
        permission.require_near_the_clock(there, night, verbs.utc_now())
        _require_newest(there, night)
        if there.esp.is_sandbox:
            with verbs.connected(there) as esp:
                esp.move_sandbox_clock(night)
        figures = run(there, night)
    return Report("nightly", summary(settings, night, figures), {"as_of": night.isoformat(), "steps": figures})


def _require_newest(settings: Settings, night: datetime) -> None:
    warehouse = Warehouse(settings)
    if warehouse.exists:
        with warehouse.read("nightly") as connection:
            permission.require_newest_night(connection, night)


def run_steps(settings: Settings, as_of: datetime) -> Figures:
    """The night without Airflow: the same verbs in the same order."""
    return {step: dict(verbs.take(step, settings, as_of).figures) for step in verbs.STEPS}


def next_night(settings: Settings) -> datetime:
    """Tonight; with the sandbox, the night that its clock shows."""
    now = verbs.utc_now()
    if settings.esp.is_sandbox:
        now = verbs.sandbox_now(settings)
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def first_night(settings: Settings) -> datetime | None:
    """Where a new sandbox's clock starts: the morning after the last order of the sample in the landing folder; None
    without a sample."""
    files = sorted(settings.landing.glob("crm_orders.sample.*"))
    if not files:
        return None
    with connect(None) as connection:
        row = connection.execute(sql("sample_last_order"), {"file": str(files[0])}).fetchone()
    return row[0] if row else None


def is_fresh(settings: Settings) -> bool:
    """Whether there is nothing yet that sample data could mix with, and only the sandbox to mail it to."""
    has_files = settings.landing.is_dir() and any(settings.landing.iterdir())
    return settings.esp.is_sandbox and not settings.warehouse.exists() and not has_files


def summary(settings: Settings, as_of: datetime, figures: Figures) -> tuple[str, ...]:
    """The night in a dozen lines."""
    statuses = _statuses(settings)
    return (
        f"The night of {as_of:%Y-%m-%d %H:%M} UTC",
        "",
        f"  contacts        {_counts(statuses) or 'none'}",
        f"  checks          {_checks(figures)}",
        f"  results         {_gathered(figures.get('gather', {}))}",
        f"  pushed          {_pushed(figures.get('push', {}))}",
        f"  due for erasure {_due(figures.get('erase', {}))}",
        f"  erased          {_erased(figures.get('erase', {}))}",
        "",
        f"  warehouse       {settings.warehouse}",
        f"  published copy  {settings.published}",
        f"  data docs       {settings.data_docs / 'index.html'}",
        *_whats_next(settings),
    )


def _statuses(settings: Settings) -> dict[str, int]:
    with Warehouse(settings).read("nightly: summary") as connection:
        query = "select status, count(*) from marts.contact_status group by 1 order by 1"
        return dict(connection.execute(query).fetchall())


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _checks(figures: Figures) -> str:
    groups = {name.removeprefix("check "): values for name, values in figures.items() if name.startswith("check ")}
    return ", ".join(f"{name} {values.get('passed', 0)} passed" for name, values in groups.items())


def _gathered(gather: dict[str, Any]) -> str:
    events = {event: counts["new"] for event, counts in gather.get("events", {}).items() if counts["new"]}
    return _counts(events) or "nothing new from the ESP"


def _pushed(push: dict[str, Any]) -> str:
    outcomes = _counts(push.get("outcomes", {}))
    if push.get("dry_run"):
        return f"nothing: side effects are off; {push.get('planned', 0):,} would be mailed"
    if push.get("new_batches"):
        return f"{push['new_batches']} batches: {outcomes}"
    return f"nothing new; this night was pushed before ({outcomes}), nobody is mailed twice" if outcomes else "nobody"


def _due(erase: dict[str, Any]) -> str:
    reasons = erase.get("reasons", {})
    overdue = sum(counts["overdue"] for counts in reasons.values())
    return f"{_counts({reason: counts['due'] for reason, counts in reasons.items()}) or 'nobody'}; {overdue} overdue"


def _erased(erase: dict[str, Any]) -> str:
    if erase.get("dry_run"):
        return "nobody: side effects are off"
    runs: dict[str, dict[str, int]] = erase.get("runs", {})
    told = [f"{run['erased']:,} ({name}; {run['waiting']:,} wait for the provider)" for name, run in runs.items()]
    return "; ".join(told) or "nobody"


def _whats_next(settings: Settings) -> tuple[str, ...]:
    lines = ["", "  next"]
    if settings.esp.is_sandbox:
        lines.append("    make nightly                    the next night: gathers how the recipients reacted")
    lines += [
        "    .venv/bin/reveil status         counts, freshness, what is overdue",
        "    make up                         Airflow's pages on the same data",
        "    docs/start-here.md              from here to your own files",
    ]
    return tuple(lines)
