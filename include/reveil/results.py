"""What campaigns led to, and what they caused: read from the published copy."""

from __future__ import annotations

from typing import Any

import duckdb

from reveil.errors import BadInput
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import connect, sql


def results(settings: Settings, campaign: str | None = None) -> Report:
    """Per step what the messages led to, per campaign the lift against the holdout with its interval and verdict.

    Raises BadInput where nothing has been published yet, and for a campaign without results.
    """
    if not settings.published.exists():
        raise BadInput(f"{settings.published}: nothing published yet; run `make nightly` or `reveil publish`")
    with connect(settings.published, read_only=True) as connection:
        steps = _rows(connection, "results_steps", campaign)
        lifts = _rows(connection, "results_lift", campaign)
    if campaign and not steps and not lifts:
        raise BadInput(f"{campaign}: no results; nobody was enrolled in a campaign of that name")
    lines = [_step(row) for row in steps] + [_lift(row) for row in lifts]
    return Report("results", tuple(lines or ["no campaign has results yet"]), {"steps": steps, "lift": lifts})


def _step(row: dict[str, Any]) -> str:
    return (
        "{campaign}/{step}: {sent:,} sent ({unknown:,} unknown), {opened:,} opened, {clicked:,} clicked, "
        "{purchased:,} purchased for {revenue}, offers of {spend_committed} committed"
    ).format(**row)


def _lift(row: dict[str, Any]) -> str:
    told = (
        "{campaign}: {treated_converted:,} of {treated:,} treated purchased, "
        "{holdout_converted:,} of {holdout:,} held out"
    ).format(**row)
    if row["lift"] is not None:
        told += f"; lift {100 * row['lift']:.2f} points [{100 * row['lift_low']:.2f}, {100 * row['lift_high']:.2f}]"
    needed = f", {row['sample_needed']:,} an arm are needed" if row["sample_needed"] else ""
    return f"{told}: {row['verdict']} (read on {row['read_date']}{needed})"


def _rows(connection: duckdb.DuckDBPyConnection, name: str, campaign: str | None) -> list[dict[str, Any]]:
    cursor = connection.execute(sql(name), {"campaign": campaign})
    columns = [column[0] for column in cursor.description or ()]
    return [{key: _plain(value) for key, value in zip(columns, row, strict=True)} for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    """Numbers and texts, so that a report is JSON."""
    return value if isinstance(value, int | float | str | None) else str(value)
