"""The journal's rows about the lists of regular messages: who was confirmed on which of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb

from reveil.addresses import normalise_address
from reveil.esp.base import Member
from reveil.warehouse import Warehouse, sql, staged

_MEMBER_COLUMNS = ("esp_id", "address", "may_receive")
_WANTED_COLUMNS = ("frequency", "contact_id", "address", "contact_load_id")


@dataclass(frozen=True)
class Removal:
    """A contact who is no longer to be on a list; `esp_id` is how the provider knows them there."""

    frequency: str
    contact_id: str
    esp_id: str | None
    is_member: bool


@dataclass(frozen=True)
class Addition:
    """A contact who is to be on a list, or whose row changed; `esp_id` is who stood there for them so far."""

    frequency: str
    contact_id: str
    esp_id: str | None
    is_member: bool
    address: str
    name: str
    contact_load_id: int

    @property
    def is_new(self) -> bool:
        return not self.is_member


@dataclass(frozen=True)
class Changes:
    """What has to change at the provider; false when nothing has."""

    removals: tuple[Removal, ...]
    additions: tuple[Addition, ...]

    def __bool__(self) -> bool:
        return bool(self.removals or self.additions)


@dataclass(frozen=True)
class Seen:
    """Members of a list as the provider showed them, by normalised address."""

    rows: tuple[tuple[str, str, str], ...]
    esp_ids: dict[str, str]

    @classmethod
    def of(cls, members: Iterable[Member]) -> Seen:
        rows = tuple(
            (member.esp_id, normalise_address(member.address) or "", "true" if member.may_receive else "false")
            for member in members
        )
        return cls(rows, {address: esp_id for esp_id, address, _ in rows})


class RegularJournal:
    """Opens the warehouse for each call and closes it again: none is held during an ESP call."""

    def __init__(self, warehouse: Warehouse, esp: str, as_of: datetime, clock: Callable[[], datetime | None]) -> None:
        """`clock` is the provider's, None where that is the world's."""
        self._warehouse = warehouse
        self._esp = esp
        self._clock = clock
        self._as_of = as_of

    def changes(self) -> Changes:
        """Tonight's audience compared with what was last confirmed."""
        with self._wanted("changes") as connection:
            rows = connection.execute(sql("regular_changes"), {"esp": self._esp}).fetchall()
        return Changes(
            tuple(_removal(*row[1:5]) for row in rows if row[0] == "remove"),
            tuple(_addition(*row[1:]) for row in rows if row[0] == "add"),
        )

    def due(self, frequencies: Sequence[str], days: int) -> list[str]:
        """The lists that have to be read whole tonight."""
        values = {"esp": self._esp, "frequencies": list(frequencies), "as_of": self._as_of, "days": days}
        with self._warehouse.write("sync regular: read-backs") as connection:
            found = {frequency for (frequency,) in connection.execute(sql("regular_due"), values).fetchall()}
        return [frequency for frequency in frequencies if frequency in found]

    def strangers(self, frequency: str, seen: Seen) -> list[str]:
        """The subscribers on a list who are not to be there and could be written to."""
        with self._wanted("strangers") as connection, staged(connection, "members_now", _MEMBER_COLUMNS, seen.rows):
            rows = connection.execute(sql("regular_strangers"), {"frequency": frequency}).fetchall()
        return [esp_id for (esp_id,) in rows]

    def read_back(self, frequency: str, seen: Seen, strangers: int) -> None:
        """Replace what is known of a list by what it is, in one transaction."""
        key = {"esp": self._esp, "frequency": frequency}
        with self._wanted("read back") as connection, staged(connection, "members_now", _MEMBER_COLUMNS, seen.rows):
            connection.begin()
            connection.execute(sql("regular_forget"), key)
            connection.execute(sql("regular_read_back"), {**key, "as_of": self._as_of})
            connection.execute(
                "insert into journal.regular_read_backs (esp, frequency, members, strangers, as_of)"
                " values (?, ?, ?, ?, ?)",
                [self._esp, frequency, len(seen.rows), strangers, self._as_of],
            )
            connection.commit()

    def confirm(self, additions: Sequence[Addition], seen: Seen) -> set[str]:
        """Note what the provider made of additions to a list; returns the contacts who are members now."""
        wanted = [(one.frequency, one.contact_id, one.address, str(one.contact_load_id)) for one in additions]
        with (
            self._warehouse.write("sync regular: confirm") as connection,
            staged(connection, "wanted_now", _WANTED_COLUMNS, wanted),
            staged(connection, "members_now", _MEMBER_COLUMNS, seen.rows),
        ):
            connection.begin()
            connection.execute(sql("regular_confirm"), {"esp": self._esp, "as_of": self._as_of})
            connection.commit()
        let_in = {address for _, address, may_receive in seen.rows if may_receive == "true"}
        return {one.contact_id for one in additions if one.address in let_in}

    def forget(self, frequency: str, contact_ids: Sequence[str]) -> None:
        """Contacts who were taken off a list."""
        statement = (
            "delete from journal.regular_members where esp = ? and frequency = ? and contact_id in (select unnest(?))"
        )
        with self._warehouse.write("sync regular: forget") as connection:
            connection.execute(statement, [self._esp, frequency, list(contact_ids)])

    def finish_run(self) -> None:
        """Note that this night has had its side effects."""
        with self._warehouse.write("sync regular: note the run") as connection:
            connection.execute(
                "insert into journal.runs (verb, as_of, result) values ('sync regular', ?, 'done')", [self._as_of]
            )

    @contextmanager
    def _wanted(self, purpose: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with a table `wanted`: who is to be on which list right now."""
        until = self._clock()
        with self._warehouse.write(f"sync regular: {purpose}") as connection:
            connection.execute(sql("regular_wanted"), {"until": until})
            yield connection


def _removal(frequency: str, contact_id: str, esp_id: str | None, state: str) -> Removal:
    return Removal(frequency, contact_id, esp_id, state == "member")


def _addition(
    frequency: str, contact_id: str, esp_id: str | None, state: str | None, address: str, name: str, load_id: int
) -> Addition:
    return Addition(frequency, contact_id, esp_id, state == "member", address, name, load_id)
