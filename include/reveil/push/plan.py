"""The plan: tonight's audience as a table, before anything is promised to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reveil import permission
from reveil.errors import Refused
from reveil.load import Freshness, freshness
from reveil.push.approval import require_approval
from reveil.push.guards import record_halts
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql


def plan(settings: Settings, as_of: datetime, now: datetime, approved_by: str | None = None) -> Report:
    """Write journal.audience for this night from the marts of this night.

    A campaign whose batches of this night stand in the journal gets no new audience: its batches are
    resumed. Repeatable. Raises BadInput for another night's marts or an as-of far from the clock, Refused
    when a source is stale or shrunken, and NeedsApproval when a person has to look and `approved_by` names nobody.
    """
    permission.require_near_the_clock(settings, as_of, now)
    with Warehouse(settings).write("plan") as connection:
        permission.require_marts_of(connection, as_of)
        permission.require_no_erased_back(settings, connection, as_of)
        require_whole_sources(freshness(connection, as_of))
        connection.begin()
        halts = record_halts(connection)
        connection.execute("delete from journal.audience")
        connection.execute(sql("plan_audience"), {"as_of": as_of})
        require_approval(settings, connection, as_of, approved_by)
        rows = connection.execute(sql("audience_counts")).fetchall()
        resumed = connection.execute(
            "select count(*) from journal.batches where as_of = $as_of", {"as_of": as_of}
        ).fetchone()
        connection.commit()
    return _report(rows, resumed[0] if resumed else 0, halts)


def require_whole_sources(sources: Sequence[Freshness]) -> None:
    """Raises Refused naming each source that is stale or shrunken: who bought or objected is not known."""
    faults = [
        f"{source.table} is {source.verdict}{_age(source) if source.verdict == 'stale' else ''}"
        for source in sources
        if source.verdict in ("stale", "shrunken")
    ]
    if faults:
        raise Refused(
            f"{'; '.join(faults)}; deliver the export, or change the limits in dbt_project/seeds/source_freshness.csv"
        )


def _age(source: Freshness) -> str:
    known = "of unknown age" if source.age_days is None else f"{source.age_days:.1f} days old"
    return f" ({known}, at most {source.max_age_days:g})"


def _report(rows: list[tuple[str, str, str, int]], resumed: int, halts: list[tuple[str, str]]) -> Report:
    lines = [f"{campaign}/{step} ({language}): {count} contacts" for campaign, step, language, count in rows]
    if resumed:
        lines.append(f"{resumed} batches of this night are in the journal already: resumed, not planned again")
    lines += [f"{provider} is halted from now on: {why}; `reveil guard lift {provider}`" for provider, why in halts]
    planned = sum(count for *_, count in rows)
    return Report(
        "plan",
        tuple(lines or ["nobody to mail tonight"]),
        {"planned": planned, "resumed": resumed, "halts": [name for name, _ in halts]},
    )
