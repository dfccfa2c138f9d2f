"""The journal's rows about batches: intents before anything leaves, outcomes after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from reveil.esp.base import Recipient
from reveil.warehouse import Warehouse, sql, staged


@dataclass(frozen=True)
class Batch:
    """One message of one step on one night, in one language."""

    key: str
    campaign: str
    message: str
    language: str
    as_of: datetime


@dataclass(frozen=True)
class Outcome:
    """What became of a contact's message: sent, refused or unknown, and why."""

    contact_id: str
    outcome: str
    why: str | None = None


class Journal:
    """Opens the warehouse for each call and closes it again: none is held during an ESP call."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def intend(self, as_of: datetime, esp: str) -> int:
        """Turn tonight's audience into intents, in one transaction; returns how many batches are new.

        The key of batch_contacts refuses anybody a second time, whatever the plan says. Budgets are held against every
        commitment there is; holdouts are enrolled and in no batch.
        """
        with self._warehouse.write("push: write intents") as connection:
            connection.begin()
            connection.execute(sql("intend_within_budgets"), {"as_of": as_of})
            row = connection.execute(sql("intend_batches"), {"as_of": as_of, "esp": esp}).fetchone()
            for rows in ("intend_contacts", "intend_budgets", "intend_enrolments"):
                connection.execute(sql(rows), {"as_of": as_of})
            connection.execute("delete from journal.audience")
            connection.commit()
        return int(row[0]) if row else 0

    def open_batches(self) -> list[Batch]:
        with self._warehouse.read("push: open batches") as connection:
            return [Batch(*row) for row in connection.execute(sql("open_batches")).fetchall()]

    def recipients(self, batch: Batch) -> tuple[list[Recipient], list[Outcome]]:
        """The batch's undecided contacts: who may be mailed now, and who no longer, with the reason."""
        with self._warehouse.read("push: recipients") as connection:
            rows = connection.execute(sql("batch_recipients"), {"batch_key": batch.key}).fetchall()
        allowed = [Recipient(contact, address, name) for contact, address, name, why in rows if why is None]
        refused = [Outcome(contact, "refused", why) for contact, _, _, why in rows if why is not None]
        return allowed, refused

    def undecided(self, batch: Batch) -> list[str]:
        """Contacts of the batch without an outcome."""
        query = "select contact_id from journal.batch_contacts where batch_key = ? and outcome is null order by 1"
        with self._warehouse.read("push: undecided contacts") as connection:
            return [contact_id for (contact_id,) in connection.execute(query, [batch.key]).fetchall()]

    def audience(self) -> list[tuple[str, str, str, int]]:
        """The planned audience: campaign, step, language, contacts."""
        with self._warehouse.read("push: audience") as connection:
            return connection.execute(sql("audience_counts")).fetchall()

    def batch_outcomes(self, batch: Batch) -> dict[str, int]:
        """Contacts of the batch per outcome."""
        query = "select coalesce(outcome, 'open'), count(*) from journal.batch_contacts where batch_key = ? group by 1"
        with self._warehouse.read("push: outcomes") as connection:
            return dict(sorted(connection.execute(query, [batch.key]).fetchall()))

    def record(
        self,
        batch: Batch,
        event: str,
        as_of: datetime,
        *,
        list_id: str | None = None,
        campaign_id: str | None = None,
        outcomes: Sequence[Outcome] = (),
    ) -> None:
        """Append an event and set the outcomes that it brought, in one transaction."""
        with self._warehouse.write(f"push: record {event}") as connection:
            connection.begin()
            connection.execute(
                "insert into journal.batch_events (batch_key, event, esp_list_id, esp_campaign_id, contacts, as_of)"
                " values (?, ?, ?, ?, ?, ?)",
                [batch.key, event, list_id, campaign_id, len(outcomes), as_of],
            )
            _set_outcomes(connection, batch, outcomes)
            connection.commit()

    def map_contacts(self, esp: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Remember which subscriber is which contact: (esp_id, contact_id)."""
        with (
            self._warehouse.write("push: map subscribers") as connection,
            staged(connection, "pairs", ("esp_id", "contact_id"), list(pairs)),
        ):
            connection.execute(sql("map_contacts"), {"esp": esp})

    def release(self, batch: Batch, as_of: datetime) -> None:
        """Cancel an intent that surely never started: its contacts may be planned again, its budget is free."""
        with self._warehouse.write("push: release") as connection:
            connection.begin()
            connection.execute(sql("release_batch"), {"batch_key": batch.key})
            connection.execute(sql("release_enrolments"), {"batch_key": batch.key})
            connection.execute("delete from journal.batch_contacts where batch_key = ?", [batch.key])
            connection.execute(
                "insert into journal.batch_events (batch_key, event, as_of) values (?, 'cancelled', ?)",
                [batch.key, as_of],
            )
            connection.commit()

    def finish_run(self, verb: str, as_of: datetime) -> None:
        with self._warehouse.write(f"{verb}: note the run") as connection:
            connection.execute("insert into journal.runs (verb, as_of, result) values (?, ?, 'done')", [verb, as_of])

    def night(self, as_of: datetime) -> dict[str, int]:
        """Contacts per outcome of the batches planned for this night."""
        query = "select coalesce(outcome, 'open'), count(*) from journal.batch_contacts where as_of = ? group by 1"
        with self._warehouse.read("push: the night's outcomes") as connection:
            return dict(sorted(connection.execute(query, [as_of]).fetchall()))


def _set_outcomes(connection: duckdb.DuckDBPyConnection, batch: Batch, outcomes: Sequence[Outcome]) -> None:
    rows = [(one.contact_id, one.outcome, one.why) for one in outcomes]
    with staged(connection, "outcomes_now", ("contact_id", "outcome", "why"), rows):
        connection.execute(sql("set_outcomes"), {"batch_key": batch.key})
