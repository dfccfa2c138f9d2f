"""The ledger: one record a run, without anybody in it; and its certificate for people and programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from reveil.compliance import Compliance
from reveil.erasure.proof import NOT_SEARCHED
from reveil.erasure.state import Person, State
from reveil.errors import BadInput
from reveil.report import Report
from reveil.settings import Settings
from reveil.settled import rules_version
from reveil.warehouse import sql

_PAGE = Template((Path(__file__).parent / "certificate.html").read_text(encoding="utf-8"))


def record(settings: Settings, state: State, erased: Sequence[Person], now: datetime) -> None:
    """Write the run's record, once: the same run again changes nothing."""
    verification = state.facts["verification"]
    values = {
        "run_id": state.run_id,
        "as_of": state.as_of,
        "finished_at": now,
        "rule_version": rules_version(settings.dbt_project),
        "reasons": json.dumps(dict(sorted(Counter(one.reason for one in erased).items()))),
        "counts": json.dumps(_counts(state)),
        "digest_before": state.facts["digest_before"],
        "digest_after": state.facts["digest_after"],
        "verification": json.dumps(verification),
        "systems": json.dumps(_systems(settings)),
        "waivers": json.dumps(list(state.waivers)),
        "approved_by": state.approved_by,
    }
    seen = {name: verification[name] for name in ("files", "bytes", "values", "found")}
    seen |= {"places": json.dumps(verification["places"]), "method": ", ".join(verification["methods"])}
    with Compliance(settings).write("erase: ledger") as connection:
        connection.begin()
        connection.execute(sql("ledger_verification"), {"run_id": state.run_id, "as_of": state.as_of, **seen})
        connection.execute(sql("ledger_record"), values)
        connection.commit()


def _counts(state: State) -> dict[str, Any]:
    told = ("listed", "erased", "came_back", "waiting", "landing_rows", "traces_removed")
    return {"tables": state.facts["counts"], **{name: state.facts[name] for name in told}}


def _systems(settings: Settings) -> dict[str, list[str]]:
    esp = f"{settings.esp.provider}: subscribers, their lists, what they opened and clicked"
    return {
        "covered": [
            "warehouse.duckdb, as a new file",
            "published.duckdb",
            "landing files",
            "logs, dbt's folders, Data Docs, Airflow's home, the project's folder",
            esp,
        ],
        "not_covered": [
            "the CRM and every other source: told by the outbox file",
            f"hidden folders of the project (version control, caches of tools), and its {' and '.join(NOT_SEARCHED)}",
            "backups of this data folder: after one is put back, the erasures are replayed before anything is sent",
            "the provider's own backups and mail servers' logs",
        ],
    }


def certificate(settings: Settings, run_id: str) -> Report:
    """Write the certificate of a run as HTML and as JSON into the outbox. BadInput where there is no such run."""
    with Compliance(settings).read("erase: certificate") as connection:
        cursor = connection.execute("select * from ledger where run_id = ?", [run_id])
        names = [column[0] for column in cursor.description or ()]
        row = cursor.fetchone()
    if row is None:
        raise BadInput(f"{run_id}: no such run in the ledger; the reports of `reveil erase` name them")
    found = {name: _told(name, value) for name, value in zip(names, row, strict=True)}
    settings.outbox.mkdir(parents=True, exist_ok=True, mode=0o700)
    page, document = (settings.outbox / f"certificate_{run_id}.{kind}" for kind in ("html", "json"))
    document.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    page.write_text(_PAGE.substitute(run=escape(run_id), body=_rows(found)), encoding="utf-8")
    return Report("erase certificate", (f"wrote {page}", f"wrote {document}"), found)


def _told(name: str, value: Any) -> Any:
    if name in ("reasons", "counts", "verification", "systems", "waivers") and value is not None:
        return json.loads(value)
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value


def _rows(value: Any) -> str:
    """A value as a table of its keys, a list, or a text."""
    if isinstance(value, dict):
        rows = "".join(
            f"<tr><th>{escape(str(key).replace('_', ' '))}</th><td>{_rows(one)}</td></tr>" for key, one in value.items()
        )
        return f"<table>{rows}</table>" if rows else "none"
    if isinstance(value, list):
        return "<ul>" + "".join(f"<li>{_rows(one)}</li>" for one in value) + "</ul>" if value else "none"
    return escape(f"{value:,}" if isinstance(value, int) else str(value if value is not None else "none"))
