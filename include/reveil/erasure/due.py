"""The due list: a decision of the model erasure_due, told as counts."""

from __future__ import annotations

from datetime import datetime

from reveil import permission
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql


def due_list(settings: Settings, as_of: datetime, now: datetime) -> Report:
    """Counts per reason of the contacts due until `erase_ahead_days` after as_of, and of those overdue.

    Deletes nothing. Raises BadInput for another night's marts or an as-of far from the clock.
    """
    permission.require_near_the_clock(settings, as_of, now)
    with Warehouse(settings).read("erase: due list") as connection:
        permission.require_marts_of(connection, as_of)
        rows = connection.execute(sql("due_reasons")).fetchall()
    ahead = settings.erasure.ahead_days
    lines = [f"{reason}: {due} due within {ahead} days, {overdue} overdue" for reason, due, overdue in rows]
    figures = {reason: {"due": due, "overdue": overdue} for reason, due, overdue in rows}
    return Report("erase", tuple(lines or [f"nobody is due within {ahead} days"]), {"reasons": figures})
