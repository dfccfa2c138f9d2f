"""Random histories of a company: what its exports say night after night, and what status follows from them.

`Company` invents signals with everything that goes wrong in practice: late, doubled and reordered rows, corrections,
cancellations, withdrawals of consent, rows that vanish from a snapshot. `status_rows` says in plain Python, day by day,
what the models must find.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from company import write

from reveil.load import load
from reveil.settings import Settings
from reveil.warehouse import Warehouse

LINES = ("fashion", "newsletter", "grocery", "travel")
_FIRST = datetime(2022, 1, 1)
_HEADS = {
    "crm_contacts": "contact_id,email,business_line,contact_kind,signed_up_at,marketing_consent,tracking_consent,"
    "updated_at",
    "crm_orders": "order_id,contact_id,ordered_at,amount,currency,status,updated_at",
    "crm_logins": "contact_id,logged_in_at",
    "esp_events": "esp,event_id,contact_id,campaign,event,occurred_at,actor,url",
}


@dataclass
class Company:
    """`export` writes the files of a night; each call moves the company's life on."""

    seed: int
    contacts: int
    rows: dict[str, dict[str, list[Any]]] = field(default_factory=lambda: {name: {} for name in _HEADS})
    """What each export holds, by table and key."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lived_until = _FIRST
        self._number = 0

    def live_until(self, night: datetime) -> None:
        """Everything that happens, or comes in late, before `night`."""
        for n in range(self.contacts):
            self._contact(f"c{n:03}", night)
        share = min(1.0, (night - self._lived_until).days / 400)
        for _ in range(int(self.contacts * 12 * share) + 20):
            self._signal(night)
        self._lived_until = night

    def export(self, settings: Settings, night: datetime, fresh: bool = False) -> None:
        """Load everything as of `night`, in an order that says nothing; doubled rows are written twice."""
        order = random.Random(f"{self.seed} {night} {fresh}")
        for table, head in _HEADS.items():
            rows = list(self.rows[table].values())
            order.shuffle(rows)
            write(settings.landing / table / f"{night:%Y-%m-%d}.csv", head, [*rows, *rows[:3]])
        load(settings, night, now=night)

    def lose(self, settings: Settings) -> None:
        """What is deleted behind the models' back: rows that a snapshot does not hold any more, of any age."""
        chance = self._random
        lost = [
            (table, key, chance.choice(sorted(self.rows[table])))
            for table, key in (("esp_events", "event_id"), ("crm_orders", "order_id"))
            if chance.random() < 0.4 and self.rows[table]
        ]
        with Warehouse(settings).write("test") as connection:
            for table, key, value in lost:
                del self.rows[table][value]
                connection.execute(f"delete from raw.{table} where {key} = ?", [value])

    def _contact(self, contact_id: str, night: datetime) -> None:
        known = self.rows["crm_contacts"].get(contact_id)
        chance = self._random
        if known is None:
            signed_up = self._day(_FIRST, night) if chance.random() < 0.9 else None
            kind = chance.choice(("customer", "prospect", ""))
            row = [contact_id, f"{contact_id}@mail.example", chance.choice(LINES), kind, _text(signed_up), "true"]
            self.rows["crm_contacts"][contact_id] = [*row, chance.random() < 0.8, _text(_FIRST)]
            return
        if chance.random() < 0.1:
            known[2] = chance.choice(LINES)
        if chance.random() < 0.1:
            known[6] = not known[6]
        known[7] = _text(night - timedelta(hours=1))

    def _signal(self, night: datetime) -> None:
        chance = self._random
        # most of it is of the time since the last export, some comes in late
        since = self._lived_until if chance.random() < 0.8 else _FIRST
        at = self._day(since, night)
        contact_id = f"c{chance.randrange(self.contacts):03}"
        self._number += 1
        kind = chance.choice(("opened", "opened", "clicked", "delivered", "order", "order", "login", "change"))
        if kind == "order":
            status = chance.choice(("paid", "paid", "paid", "cancelled", "returned"))
            key = f"o{self._number}"
            amount = chance.choice(("10.00", "25.50", "-5.00"))
            self.rows["crm_orders"][key] = [key, contact_id, _text(at), amount, "EUR", status, _text(at)]
        elif kind == "login":
            self.rows["crm_logins"][str(self._number)] = [contact_id, _text(at)]
        elif kind == "change":
            self._change(night)
        else:
            actor = chance.choice(("human", "human", "machine", "unknown")) if kind != "delivered" else ""
            key = f"e{self._number}"
            url = chance.choice(("https://shop.example/new", "https://shop.example/unsubscribe"))
            row = ["esp", key, contact_id, f"news{chance.randrange(40)}", kind, _text(at), actor]
            self.rows["esp_events"][key] = [*row, url if kind == "clicked" else ""]

    def _change(self, night: datetime) -> None:
        """An order is cancelled or corrected; rarely an event is."""
        chance = self._random
        orders, events = self.rows["crm_orders"], self.rows["esp_events"]
        if orders and chance.random() < 0.8:
            row = orders[chance.choice(sorted(orders))]
            row[5] = chance.choice(("cancelled", "returned", "paid"))
            row[6] = _text(night - timedelta(minutes=1))
        elif events and chance.random() < 0.3:
            # the later file wins where no column dates the rows
            row = events[chance.choice(sorted(events))]
            row[2] = f"c{chance.randrange(self.contacts):03}"

    def _day(self, since: datetime, until: datetime) -> datetime:
        seconds = int((until - since).total_seconds())
        return since + timedelta(seconds=self._random.randrange(max(seconds, 1)))


def status_rows(signals: Iterable[tuple[date, int, int]], today: date) -> list[tuple[str, date, date | None]]:
    """(status, valid_from, valid_to) day by day from (day, dormant_after_days, lost_after_days) of each signal."""
    by_day: dict[date, list[tuple[int, int]]] = {}
    for day, dormant, lost in signals:
        by_day.setdefault(day, []).append((dormant, lost))
    rows: list[tuple[str, date, date | None]] = []
    active_until = lost_on = day = min(by_day)
    while day <= today:
        for dormant, lost in by_day.get(day, ()):
            active_until = max(active_until, day + timedelta(days=dormant))
            lost_on = max(lost_on, day + timedelta(days=lost))
        status = "active" if day < active_until else "dormant" if day < lost_on else "lost"
        if not rows or rows[-1][0] != status:
            if rows:
                rows[-1] = (*rows[-1][:2], day)
            rows.append((status, day, None))
        day += timedelta(days=1)
    return rows


def has_no_gap(rows: Sequence[tuple[str, date, date | None]]) -> bool:
    """Whether each row ends where the next begins, with another status, and the last is open."""
    pairs = itertools.pairwise(rows)
    return rows[-1][2] is None and all(
        before[2] == after[1] and before[0] != after[0] and before[1] < after[1] for before, after in pairs
    )


def _text(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(sep=" ", timespec="seconds")
