"""What a load did, in sentences and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reveil.load.merge import Outcome
from reveil.report import Report


@dataclass(frozen=True)
class Changes:
    """What a load did beyond its files: `opens` is how many open rows were kept as a date only."""

    opens: int = 0
    not_erased_at_source: int = 0
    readmitted: int = 0


_WHY = {
    "retention": "erased after the retention period",
    "request": "erased on request",
    "account": "erased with an inactive account",
    "goodbye": "erased after a goodbye",
    "archived": "orders kept for accounting without their customer",
}


def describe(
    outcomes: Sequence[Outcome], skipped: Sequence[str], origin: str, deleted: int, changes: Changes, check: bool
) -> Report:
    """The report of a load."""
    lines = [line for outcome in outcomes for line in _lines(outcome)]
    if not outcomes:
        lines.append("nothing new")
    if skipped:
        lines.append(f"{len(skipped)} files were loaded before")
    if changes.not_erased_at_source:
        lines.append(
            f"{changes.not_erased_at_source} erased people still come in exports: not erased at source "
            "(the outbox tells the CRM's owner who)"
        )
    if changes.readmitted:
        lines.append(f"{changes.readmitted} people erased for inactivity came back by themselves and are let in")
    if opens := changes.opens:
        lines.append(f"{opens} opens of contacts without tracking consent: only the last date is kept")
    if deleted:
        lines.append(f"{deleted} old landing files deleted")
    if check:
        lines.append("checked only: nothing was written")
    figures = {
        "origin": origin,
        "check": check,
        "files": [_figures(outcome) for outcome in outcomes],
        "skipped": list(skipped),
        "opens_reduced": changes.opens,
        "not_erased_at_source": changes.not_erased_at_source,
        "readmitted": changes.readmitted,
        "files_deleted": deleted,
        **_totals(outcomes),
    }
    return Report("load", tuple(lines), figures)


def _lines(outcome: Outcome) -> list[str]:
    counts = f"{outcome.new} new, {outcome.changed} changed, {outcome.unchanged} unchanged"
    removed = f", {outcome.removed} removed" if outcome.removed else ""
    aside = f", {outcome.rejected_rows} set aside" if outcome.rejected else ""
    aside += f", {outcome.refused_rows} refused" if outcome.refused else ""
    lines = [f"{outcome.file} → {outcome.table}: {outcome.read} rows: {counts}{removed}{aside}"]
    for reason, (count, line) in outcome.rejected.items():
        lines.append(f"  set aside, {reason}: {count}, the first on line {line}")
    for reason, count in outcome.refused.items():
        lines.append(f"  refused, {_WHY[reason]}: {count}")
    if outcome.kept_because:
        lines.append(f"  nothing removed: {outcome.kept_because}")
    if outcome.ignored:
        lines.append(f"  columns not used: {', '.join(outcome.ignored)}")
    return lines


def _figures(outcome: Outcome) -> dict[str, Any]:
    return {
        "file": outcome.file,
        "table": outcome.table,
        "rows_read": outcome.read,
        "rows_new": outcome.new,
        "rows_changed": outcome.changed,
        "rows_unchanged": outcome.unchanged,
        "rows_rejected": outcome.rejected_rows,
        "rejected": {reason: count for reason, (count, _) in outcome.rejected.items()},
        "rows_refused": outcome.refused_rows,
        "refused": dict(outcome.refused),
        "rows_removed": outcome.removed,
        "is_shrunken": outcome.is_shrunken,
        "newest_at": outcome.newest_at.isoformat() if outcome.newest_at else None,
    }


def _totals(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return {
        "rows_read": sum(outcome.read for outcome in outcomes),
        "rows_new": sum(outcome.new for outcome in outcomes),
        "rows_changed": sum(outcome.changed for outcome in outcomes),
        "rows_unchanged": sum(outcome.unchanged for outcome in outcomes),
        "rows_rejected": sum(outcome.rejected_rows for outcome in outcomes),
        "rows_refused": sum(outcome.refused_rows for outcome in outcomes),
        "rows_removed": sum(outcome.removed for outcome in outcomes),
    }
