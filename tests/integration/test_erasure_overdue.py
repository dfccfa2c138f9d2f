"""The figure "overdue" of every night is kept, and told by the status."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from raw_rows import add, contact, rows, settings_at

from reveil import transform
from reveil.publish import publish
from reveil.status import status


def test_each_nights_figure_stays_and_a_night_built_again_replaces_its_own(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    add(
        settings,
        "raw.crm_contacts",
        contact("old", signed_up_at="2020-01-01"),
        contact("new", signed_up_at="2026-01-01"),
    )
    refused = {"load_id": 1, "table_name": "crm_contacts", "reason": "request", "rows_refused": 3, "contacts": 3}
    add(settings, "journal.load_refusals", refused | {"as_of": datetime(2026, 11, 23)})
    for day, full_refresh in ((22, False), (22, False), (23, True)):
        transform.build(settings, datetime(2026, 11, day), full_refresh=full_refresh)
    kept = rows(settings, "select day(night), due, overdue, not_erased_at_source from marts.erasure_overdue order by 1")
    assert kept == [(22, 1, 1, 0), (23, 1, 1, 3)]
    publish(settings)
    told = status(settings)
    assert (told.figures["overdue"], told.figures["overdue_nights"], told.figures["not_erased_at_source"]) == (1, 2, 3)
    assert any("overdue = 1, above 0 on 2 of the last 2 nights" in line for line in told.lines)
    assert any("3 erased people stand in the CRM's last export" in line for line in told.lines)
