"""Who of one batch is mailed: chosen from the warehouse, read back from the provider's list, looked at once more.

Rows pass through files of a private folder and through SQL, never through Python's memory as a whole: a batch of any
size costs the same. No warehouse connection is open while the provider is asked.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from reveil.addresses import normalise_address
from reveil.esp.base import Esp, Member, Recipient
from reveil.push.journal import Batch, release_contacts
from reveil.warehouse import Warehouse, sql

_ROWS = 10_000
"""Rows that are in memory at a time."""


class Mailing:
    """One attempt to bring a batch onto its list; its files stand in `folder`."""

    def __init__(self, warehouse: Warehouse, batch: Batch, esp: Esp, folder: Path) -> None:
        self._warehouse = warehouse
        self._batch = batch
        self._esp = esp
        self._chosen = folder / "chosen.csv"
        self._members = folder / "members.csv"
        self._late = folder / "late.csv"

    def choose(self) -> None:
        """Decide who of the undecided may be mailed now, and why the others may not."""
        until = self._esp.clock()
        with self._warehouse.read("push: recipients") as connection:
            self._decide(connection, until)
            rows = connection.execute("select contact_id, address, name, refused_why from chosen order by contact_id")
            _write(self._chosen, ("contact_id", "address", "name", "refused_why"), _fetched(rows))
        _write(self._late, ("contact_id", "esp_id", "refused_why"), ())

    def recipients(self) -> Iterator[Recipient]:
        """Those who may be mailed."""
        with self._chosen.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if not row["refused_why"]:
                    yield Recipient(row["contact_id"], row["address"], row["name"])

    def read_back(self, members: Iterable[Member]) -> Sequence[str]:
        """Take the list as the provider has it, and remember which subscriber is which contact. Returns the members
        (esp_ids) who do not belong there."""
        rows = ((one.esp_id, normalise_address(one.address) or "", one.may_receive) for one in members)
        _write(self._members, ("esp_id", "address", "may_receive"), rows)
        with self._warehouse.write("push: map subscribers") as connection:
            self._stage(connection)
            connection.execute(sql("mailing_map"), {"esp": self._esp.name})
            found = connection.execute(sql("mailing_strangers")).fetchall()
        return [esp_id for (esp_id,) in found]

    def look_again(self, halted: Collection[str]) -> Sequence[str]:
        """The members (esp_ids) who may no longer be mailed: whoever objected while the list was being filled, and
        whose mailbox provider is `halted`."""
        until = self._esp.clock()
        with self._warehouse.read("push: last look") as connection:
            self._decide(connection, until)
            self._stage(connection)
            rows = connection.execute(sql("mailing_late"), {"halted": sorted(halted)}).fetchall()
        _write(self._late, ("contact_id", "esp_id", "refused_why"), rows)
        return [esp_id for _, esp_id, _ in rows]

    def settle(self, as_of: datetime) -> int:
        """Journal that the list is ready, and everybody who is not on it with the reason, in one transaction; how many
        are on it. Whom only a guard held back is released, to be planned another night."""
        with self._warehouse.write("push: record ready") as connection:
            connection.begin()
            self._stage(connection)
            connection.execute(sql("mailing_halted"))
            release_contacts(connection, self._batch)
            connection.execute(sql("mailing_settle"), {"batch_key": self._batch.key})
            row = connection.execute(sql("mailing_receiving"), {"batch_key": self._batch.key}).fetchone()
            receiving = int(row[0]) if row else 0
            connection.execute(
                "insert into journal.batch_events (batch_key, event, contacts, as_of) values (?, 'ready', ?, ?)",
                [self._batch.key, receiving, as_of],
            )
            connection.commit()
        return receiving

    def _decide(self, connection: duckdb.DuckDBPyConnection, until: datetime | None) -> None:
        values = {"batch_key": self._batch.key}
        connection.execute("create temp table candidates as " + sql("batch_recipients"), {**values, "until": until})
        connection.execute(sql("mailing_choose"), {**values, "as_of": self._batch.as_of})

    def _stage(self, connection: duckdb.DuckDBPyConnection) -> None:
        for name, file in (("wanted", self._chosen), ("members", self._members), ("late", self._late)):
            connection.execute(
                f"create temp table {name} as select * from read_csv($file, header = true, all_varchar = true,"
                " delim = ',', quote = '\"', escape = '\"')",
                {"file": str(file)},
            )


def _write(file: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)


def _fetched(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    while rows := result.fetchmany(_ROWS):
        yield from rows
