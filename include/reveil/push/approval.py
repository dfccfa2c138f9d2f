"""A person's word before a campaign's night goes on, where its file asks for one, or is new."""

from __future__ import annotations

from datetime import datetime

import duckdb

from reveil.errors import NeedsApproval
from reveil.settings import Settings
from reveil.warehouse import sql


def require_approval(
    settings: Settings, connection: duckdb.DuckDBPyConnection, as_of: datetime, approved_by: str | None
) -> None:
    """Record the approval of what in tonight's audience needs one; without it, raises NeedsApproval with the reasons.
    The sandbox needs none."""
    if settings.esp.is_sandbox:
        return
    needed = connection.execute(sql("approvals_needed"), {"as_of": as_of}).fetchall()
    if needed and not approved_by:
        told = "; ".join(f"{campaign}: {why}" for campaign, _, _, _, why in needed)
        raise NeedsApproval(f"{told}. Look at `reveil preview`, then `reveil push --approve YOUR_NAME`")
    for campaign, digest, contacts, cost, _ in needed:
        connection.execute(
            "insert into journal.approvals (campaign, file_digest, as_of, contacts, cost, approved_by)"
            " values (?, ?, ?, ?, ?, ?)",
            [campaign, digest, as_of, contacts, cost, approved_by],
        )
