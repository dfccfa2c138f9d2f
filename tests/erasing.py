"""A small company of whom some are due for erasure: exports in the landing folder, subscribers at a sandbox."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from company import write
from killing import die, numbered
from pushing import adapter

from reveil import transform
from reveil.compliance import Compliance
from reveil.erasure import erase, steps
from reveil.erasure.state import RunFolder
from reveil.esp.base import Esp, Recipient
from reveil.load import load
from reveil.report import Report
from reveil.rules import write_rules
from reveil.sandbox import SandboxHandle
from reveil.settings import Settings
from reveil.warehouse import Warehouse

NIGHT = datetime(2026, 11, 23)
"""A Monday."""
OWNERS: dict[Any, tuple[str, ...]] = {
    RunFolder: ("make", "note", "advance", "remove"),
    Path: ("replace",),
    Compliance: ("add_suppressions",),
    steps: ("erase_at_esp", "sweep_landing", "sweep_traces", "build", "rewrite", "publish", "verify", "record"),
}
"""Side effects of an erasure."""
STAY = ("stay-01", "stay-02", "stay-03", "stay-04")
OLD = ("late-01", "late-02", "late-03")
ASKED = ("asks-01",)
DUE = (*OLD, *ASKED)


def address(contact_id: str) -> str:
    return f"zoe.quarrel-{contact_id}@orange.example"


def settings_at(data: Path, handle: SandboxHandle, **values: Any) -> Settings:
    settings = Settings.model_validate({"data": data, "lock_wait_seconds": 1, **values})
    return settings.with_esp(url=handle.url, user=handle.user, token=handle.token)


def make(settings: Settings, marked: int = 0) -> None:
    """Load, subscribe and build: the night is at the point where it erases. `marked`: how many more are due, of whom
    the provider knows nothing."""
    export(settings.landing, tuple(f"mark-{n:05}" for n in range(marked)))
    load(settings, NIGHT, now=NIGHT)
    esp = adapter(settings)
    everybody = [Recipient(one, address(one), "Zoé") for one in (*STAY, *DUE)]
    list_id = esp.create_list("regular weekly")
    esp.upload(list_id, everybody)
    ids = {one.address: one.esp_id for one in esp.members(list_id)}
    with Warehouse(settings).write("test") as connection:
        for one in (*STAY, *DUE):
            row = ["sandbox", ids[address(one)], one]
            connection.execute("insert into journal.esp_contacts (esp, esp_id, contact_id) values (?, ?, ?)", row)
            _journal(connection, one)
    build(settings)


def _journal(connection: Any, contact_id: str) -> None:
    batch = f"winback/one/hello/en/2023-01-01/{contact_id}"
    connection.execute(
        "insert into journal.batch_contacts (batch_key, campaign, enrolment, step, contact_id, as_of, outcome)"
        " values (?, 'winback', 1, 'one', ?, '2019-02-01', 'sent')",
        [batch, contact_id],
    )
    connection.execute(
        "insert into journal.enrolments (campaign, enrolment, contact_id, arm, as_of)"
        " values ('winback', 1, ?, ?, '2019-01-05')",
        [contact_id, "holdout" if contact_id.endswith("2") else "treated"],
    )
    connection.execute(
        "insert into raw.esp_events (esp, event_id, contact_id, campaign, batch_key, event, occurred_at, load_id)"
        " values ('sandbox', ?, ?, 'winback', ?, 'clicked', '2019-02-02', 0)",
        [f"click-{contact_id}", contact_id, batch],
    )
    connection.execute(
        "insert into journal.budget_entries (budget, batch_key, contact_id, amount, currency, entry, as_of)"
        " values ('autumn', 'winback/one/hello/en/2023-01-01/1', ?, 5, 'EUR', 'committed', '2019-02-01')",
        [contact_id],
    )


def build(settings: Settings) -> None:
    write_rules(settings)
    transform.build(settings, NIGHT)


def export(landing: Path, marked: tuple[str, ...] = ()) -> None:
    contacts = [
        (one, address(one), "Zoé", "fr", "fashion", "2018-01-05", "true", "2018-01-05", "2026-11-22")
        for one in (*STAY, *DUE, *marked)
    ]
    head = "contact_id,email,first_name,language,business_line,signed_up_at,marketing_consent,marketing_consent_at"
    head += ",updated_at"
    write(landing / "crm_contacts.csv", head, contacts)
    orders = [(f"o-{one}-1", one, "2019-01-10", "25.00", "EUR", "paid") for one in (*STAY, *DUE)]
    orders += [(f"o-{one}-2", one, "2026-11-20", "30.00", "EUR", "paid") for one in (*STAY, *ASKED)]
    write(landing / "crm_orders.csv", "order_id,contact_id,ordered_at,amount,currency,status", orders)
    requests = [(f"r-{one}", one, "2026-11-20", "letter") for one in ASKED]
    write(landing / "crm_erasure_requests.csv", "request_id,contact_id,requested_at,channel", requests)


def run(settings: Settings, esp: Esp | None = None, **options: Any) -> Report:
    def connected(_: Settings) -> AbstractContextManager[Esp]:
        return nullcontext(esp or adapter(settings))

    return erase(settings, connected, NIGHT, NIGHT, **options)


def erase_until(data: Path, handle: SandboxHandle, number: int) -> None:
    """Erase, and die right after that side effect; never for 0."""
    with numbered(OWNERS, lambda current: die() if current == number else None):
        run(settings_at(data, handle))


def ledger(settings: Settings) -> list[dict[str, Any]]:
    """Records of the ledger, decoded."""
    with Compliance(settings).read("test") as connection:
        cursor = connection.execute("select run_id, reasons, counts, verification from ledger order by run_id")
        return [
            {"run_id": run_id, "reasons": json.loads(reasons), "counts": json.loads(counts), "seen": json.loads(seen)}
            for run_id, reasons, counts, seen in cursor.fetchall()
        ]


def rows(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of everybody but those who are due, by table, less when it was written."""
    found = {}
    with Warehouse(settings).read("test") as connection:
        names = connection.execute(
            "select schema_name || '.' || table_name, list(column_name order by column_index) from duckdb_columns()"
            " where schema_name in ('raw', 'journal', 'marts') and not internal group by all order by all"
        ).fetchall()
        for table, columns in names:
            if "contact_id" not in columns or table.startswith("marts.threshold"):
                continue
            told = ", ".join(one for one in columns if one != "recorded_at")
            query = f"select {told} from {table} where contact_id <> 'erased' and contact_id not in $due order by all"
            found[table] = connection.execute(query, {"due": list(DUE)}).fetchall()
    return found


def marks() -> list[bytes]:
    """What must be in no file any more."""
    return [address(one).encode() for one in DUE]
