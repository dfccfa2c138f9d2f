"""Who would be mailed tonight: the decisions of the last build, counted."""

from __future__ import annotations

from reveil.errors import BadInput
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import connect, sql


def preview(settings: Settings) -> Report:
    """Counts per campaign, step, provider and language, and who is held back and why. Writes nothing; reads the
    published copy."""
    if not settings.published.exists():
        raise BadInput(f"{settings.published}: nothing published yet; run `make nightly` or `reveil publish`")
    with connect(settings.published, read_only=True) as connection:
        steps = connection.execute(sql("preview_steps")).fetchall()
        held_back = connection.execute(sql("preview_held_back")).fetchall()
    lines = [
        f"{campaign}/{step}: {count:,} at {provider}, in {language}, cost {cost}"
        for campaign, step, provider, language, count, cost in steps
    ]
    lines += [f"dormant, but held back: {count:,} {reason}" for reason, count in held_back]
    figures = {
        "contacts": sum(row[4] for row in steps),
        "cost": float(sum(row[5] for row in steps)),
        "held_back": dict(held_back),
    }
    return Report("preview", tuple(lines or ["nobody would be mailed"]), figures)
