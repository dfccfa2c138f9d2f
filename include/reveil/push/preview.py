"""Who would be mailed tonight: the decisions of the last build, counted."""

from __future__ import annotations

from reveil.errors import BadInput
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import connect, sql


def preview(settings: Settings, campaign: str | None = None) -> Report:
    """Counts per campaign, step, provider and language, what their offers may cost, and who is held back and why.
    Writes nothing; reads the published copy."""
    if not settings.published.exists():
        raise BadInput(f"{settings.published}: nothing published yet; run `make nightly` or `reveil publish`")
    only = {"campaign": campaign}
    with connect(settings.published, read_only=True) as connection:
        steps = connection.execute(sql("preview_steps"), only).fetchall()
        holdouts = connection.execute(sql("preview_holdouts"), only).fetchall()
        held_back = connection.execute(sql("preview_held_back"), only).fetchall()
    unseen = sum(row[6] for row in steps)
    lines = [
        f"{name}/{step}: {count:,} at {provider}, in {language}, cost {cost}"
        for name, step, provider, language, count, cost, _ in steps
    ]
    if unseen:
        lines.append(f"{unseen:,} of them do not consent to tracking: an open of theirs cannot be seen")
    lines += [f"{name}: {count:,} sent nothing, for comparison" for name, count in holdouts]
    lines += [f"{name}: held back: {count:,} {reason}" for name, reason, count in held_back]
    figures = {
        "contacts": sum(row[4] for row in steps),
        "cost": float(sum(row[5] for row in steps)),
        "opens_unseen": unseen,
        "holdouts": dict(holdouts),
        "held_back": [{"campaign": name, "reason": reason, "contacts": count} for name, reason, count in held_back],
    }
    return Report("preview", tuple(lines or ["nobody would be mailed"]), figures)
