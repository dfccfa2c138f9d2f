"""No way back in: rows of erased people are marked before a file is merged.

Only ids and addresses that the warehouse does not hold are asked about, so a nightly snapshot costs nothing
more than a join.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from reveil.compliance import Compliance, Entry
from reveil.load.merge import Staged
from reveil.permission import erased_back
from reveil.raw_tables import RawTable
from reveil.settings import Settings
from reveil.warehouse import sql

_NO_ADDRESS = "select null::varchar as normalised_email where false"
_NOTHING = "select null::varchar as contact_id, null::timestamp as happened_at where false"


class Refusals:
    """The suppression entries in force, and what they keep out.

    Entries that are not final yet count as well: as long as their contact is held nobody asks about it, and once
    it is deleted it must not come back, even if the erasure was interrupted right then.
    """

    def __init__(self, settings: Settings, as_of: datetime, check: bool) -> None:
        """Reads the entries; those that ended by as_of are deleted, unless it is only a check."""
        self._compliance = Compliance(settings)
        self._as_of = as_of
        if not check and self._compliance.exists:
            self._delete_expired()
        self._entries = self._compliance.entries(as_of)

    def mark(self, connection: duckdb.DuckDBPyConnection, files: Sequence[Staged]) -> tuple[int, int]:
        """Mark the rows of erased people in every file, and note who comes back by themselves.

        To be called inside the load's transaction, before any file is merged. Returns how many people were
        refused, and how many let in again.
        """
        about = [file for file in files if "contact_id" in file.table.column_names]
        if not about:
            return 0, 0
        self._find(connection, about)
        for file in about:
            refusing = sql("load_refuse").format(stage=file.stage, occurred_at=_occurred_at(file.table))
            connection.execute(refusing)
            if file.table.name == "crm_orders":
                connection.execute(sql("load_refuse_archived").format(stage=file.stage))
        self._refuse_requests(connection, about)
        refused, readmitted = connection.execute(sql("load_refused_people")).fetchall()[0]
        return refused, readmitted

    def readmit(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Note who comes back by themselves. After the merge: DuckDB 2.0 filters by wrong statistics in a transaction
        that inserts a few rows (or none) into a table before it fills it."""
        if connection.execute(sql("load_refused_exists")).fetchall()[0][0]:
            connection.execute(sql("load_readmit_objections"))
            connection.execute(sql("load_readmit"), {"as_of": self._as_of})

    def _find(self, connection: duckdb.DuckDBPyConnection, files: Sequence[Staged]) -> None:
        matches: list[tuple[str, Entry]] = []
        if self._entries:
            arrivals = " union all ".join(_arrivals(file) for file in files)
            connection.execute(sql("load_arrivals").format(arrivals=arrivals))
            for query in ("load_arriving_ids", "load_arriving_addresses"):
                matches += self._entries.match(connection.execute(sql(query)))
        signs = " union all ".join(_signs(files)) if matches else _NOTHING
        connection.execute(sql("load_refused").format(signs=signs), bound_matches(matches))

    def _refuse_requests(self, connection: duckdb.DuckDBPyConnection, files: Sequence[Staged]) -> None:
        """Requests by address of people who were erased already."""
        contacts = [file.stage for file in files if file.table.name == "crm_contacts"]
        arriving = " union all ".join(
            f"select normalised_email from {stage} where problem is null" for stage in contacts
        )
        for file in files:
            if file.table.name == "crm_erasure_requests" and self._entries:
                query = f"select email, email from ({sql('load_request_addresses').format(stage=file.stage)})"
                known = [address for address, _ in self._entries.match(connection.execute(query))]
                statement = sql("load_refuse_requests").format(stage=file.stage, arriving=arriving or _NO_ADDRESS)
                connection.execute(statement, {"addresses": known})

    def _delete_expired(self) -> None:
        with self._compliance.read("load: expired entries") as connection:
            expired = connection.execute(sql("compliance_expired"), {"as_of": self._as_of}).fetchall()[0][0]
        if expired:
            with self._compliance.write("load: expired entries") as connection:
                connection.execute(sql("compliance_expire"), {"as_of": self._as_of})


def mark_for_replay(settings: Settings, connection: duckdb.DuckDBPyConnection, as_of: datetime) -> tuple[int, int]:
    """Erased people who are held again (a warehouse put back from an old copy) become requests; those who came back
    by themselves are noted as such. Returns how many of each."""
    back = erased_back(settings, connection, as_of)
    signs = " union all ".join(_signs([])) if back else _NOTHING
    connection.execute(sql("load_refused").format(signs=signs), bound_matches(back))
    refused, readmitted = connection.execute(sql("load_refused_people")).fetchall()[0]
    connection.execute(sql("replay_requests"))
    connection.execute(sql("load_readmit_objections"))
    connection.execute(sql("load_readmit"), {"as_of": as_of})
    return refused, readmitted


def bound_matches(matches: Sequence[tuple[str, Entry]]) -> dict[str, list[object]]:
    return {
        "contact_ids": [contact_id for contact_id, _ in matches],
        "reasons": [entry.reason for _, entry in matches],
        "erased_at": [entry.erased_at for _, entry in matches],
        "had_objected": [entry.had_objected for _, entry in matches],
    }


def _arrivals(file: Staged) -> str:
    address = "normalised_email" if file.table.name == "crm_contacts" else "null::varchar"
    return f"select contact_id, {address} as address from {file.stage} where problem is null"


def _signs(files: Sequence[Staged]) -> list[str]:
    """Sign-ups, orders and logins, of these files and held already."""
    dated = {"crm_contacts": "signed_up_at", "crm_orders": "ordered_at", "crm_logins": "logged_in_at"}
    arriving = [
        f"select contact_id, {dated[file.table.name]} as happened_at from {file.stage} where problem is null"
        for file in files
        if file.table.name in dated
    ]
    held = [f"select contact_id, {column} as happened_at from raw.{name}" for name, column in dated.items()]
    return arriving + held


def _occurred_at(table: RawTable) -> str:
    """A contact's own row is let in whole once the contact is; everything else by its instant."""
    return "null::timestamp" if table.name == "crm_contacts" else f"stage.{table.occurred_at}"
