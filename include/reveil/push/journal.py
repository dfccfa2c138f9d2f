"""The journal's rows about batches: intents before anything leaves, outcomes after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from reveil.warehouse import Warehouse, sql


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
    """What became of messages: sent, refused or unknown, and why."""

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

    def undecided(self, batch: Batch) -> int:
        """How many contacts of the batch have no outcome."""
        query = "select count(*) from journal.batch_contacts where batch_key = ? and outcome is null"
        with self._warehouse.read("push: undecided contacts") as connection:
            row = connection.execute(query, [batch.key]).fetchone()
        return int(row[0]) if row else 0

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
        outcome: Outcome | None = None,
    ) -> None:
        """Append an event and set the outcome of all who have none yet, in one transaction."""
        with self._warehouse.write(f"push: record {event}") as connection:
            connection.begin()
            contacts = None
            if outcome is not None:
                values = {"batch_key": batch.key, "outcome": outcome.outcome, "why": outcome.why}
                row = connection.execute(sql("set_outcomes"), values).fetchone()
                contacts = row[0] if row else 0
            connection.execute(
                "insert into journal.batch_events (batch_key, event, esp_list_id, esp_campaign_id, contacts, as_of)"
                " values (?, ?, ?, ?, ?, ?)",
                [batch.key, event, list_id, campaign_id, contacts, as_of],
            )
            connection.commit()

    def release(self, batch: Batch, as_of: datetime) -> None:
        """Cancel an intent that surely never started: its contacts may be planned again, its budget is free."""
        with self._warehouse.write("push: release") as connection:
            connection.begin()
            whole = "create temp table released as select contact_id from journal.batch_contacts where batch_key = ?"
            connection.execute(whole, [batch.key])
            release_contacts(connection, batch)
            connection.execute(
                "insert into journal.batch_events (batch_key, event, as_of) values (?, 'cancelled', ?)",
                [batch.key, as_of],
            )
            connection.commit()

    def was_paused(self, batch: Batch) -> bool:
        """Whether a guard paused the batch's campaign, and nothing of ours has let it go on since."""
        with self._warehouse.read("push: paused by a guard?") as connection:
            row = connection.execute(sql("paused_by_guard"), {"batch_key": batch.key}).fetchone()
        return bool(row and row[0])

    def finish_run(self, verb: str, as_of: datetime) -> None:
        with self._warehouse.write(f"{verb}: note the run") as connection:
            connection.execute("insert into journal.runs (verb, as_of, result) values (?, ?, 'done')", [verb, as_of])

    def night(self, as_of: datetime) -> dict[str, int]:
        """Contacts per outcome of the batches planned for this night."""
        query = "select coalesce(outcome, 'open'), count(*) from journal.batch_contacts where as_of = ? group by 1"
        with self._warehouse.read("push: the night's outcomes") as connection:
            return dict(sorted(connection.execute(query, [as_of]).fetchall()))


def release_contacts(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Take back what was promised to those of the batch who stand in the temp table `released` (contact_id); to be
    called within a transaction, and only of contacts to whom surely nothing left."""
    for rows in ("release_budgets", "release_enrolments", "release_contacts"):
        connection.execute(sql(rows), {"batch_key": batch.key})
