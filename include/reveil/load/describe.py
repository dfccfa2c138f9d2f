"""What a load did, in sentences and figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reveil.load.merge import Outcome
from reveil.report import Report


def describe(
    outcomes: Sequence[Outcome], skipped: Sequence[str], origin: str, deleted: int, opens: int, check: bool
) -> Report:
    """The report of a load; `opens` is how many open rows were kept as a date only."""
    lines = [line for outcome in outcomes for line in _lines(outcome)]
    if not outcomes:
        lines.append("nothing new")
    if skipped:
        lines.append(f"{len(skipped)} files were loaded before")
    if opens:
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
        "opens_reduced": opens,
        "files_deleted": deleted,
        **_totals(outcomes),
    }
    return Report("load", tuple(lines), figures)


def _lines(outcome: Outcome) -> list[str]:
    counts = f"{outcome.new} new, {outcome.changed} changed, {outcome.unchanged} unchanged"
    removed = f", {outcome.removed} removed" if outcome.removed else ""
    aside = f", {outcome.rejected_rows} set aside" if outcome.rejected else ""
    lines = [f"{outcome.file} → {outcome.table}: {outcome.read} rows: {counts}{removed}{aside}"]
    for reason, (count, line) in outcome.rejected.items():
        lines.append(f"  set aside, {reason}: {count}, the first on line {line}")
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
        "rows_removed": sum(outcome.removed for outcome in outcomes),
    }
