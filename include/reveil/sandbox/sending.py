"""The sender: starts what is due, sends what runs, lets recipients react; in a thread of its own.

A batch is one transaction: who was sent to, how many that makes, and what they are going to do. So a kill -9
at any moment loses no message and doubles none.
"""

from __future__ import annotations

import re
import sqlite3
import threading

from reveil.sandbox.clock import Clock
from reveil.sandbox.options import Options
from reveil.sandbox.reactions import link_id, materialise
from reveil.sandbox.recipients import Decider, RatesFile
from reveil.sandbox.store import Store, ids, statements

BATCH = 20_000
"""Messages per transaction."""

_IDLE_SECONDS = 0.5
_TRACKED = re.compile(r"""(https?://[^\s"'<>]+?)@TrackLink|\{\{\s*TrackLink\s+"([^"]+)\"""")


class Sender:
    """Campaigns in motion."""

    def __init__(self, store: Store, clock: Clock, options: Options, rates: RatesFile) -> None:
        self._store = store
        self._clock = clock
        self._options = options
        self._rates = rates
        self._wake = threading.Event()
        self._stopping = False
        self._moving = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the batch at hand."""
        self._stopping = True
        self.wake()
        self._thread.join()

    def wake(self) -> None:
        """Something has changed: look again now."""
        self._wake.set()

    def advance(self, until: int) -> bool:
        """Move the clock; False when that would be backwards. What runs is sent at the old time first, what
        is scheduled on the way at its own time, and every reaction on the way happens."""
        with self._moving:
            if self._clock.is_set and until < self._clock.now():
                return False
            self._drain()
            while (due := self._due(until)) is not None:
                self._react(due["send_at"])
                self._start_scheduled(due["id"])
                self._drain()
            self._react(until)
        self.wake()
        return True

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._follow_the_wall()
            self._wake.wait(self._options.values.tick_seconds if self._tick() else _IDLE_SECONDS)

    def _follow_the_wall(self) -> None:
        with self._moving:
            if self._clock.is_set:
                return
            now = self._clock.now()
            while (due := self._due(now)) is not None:
                self._start_scheduled(due["id"])
            with self._store.write() as connection:
                materialise(connection, now, tracking=self._options.values.individual_tracking)

    def _tick(self) -> bool:
        """One batch of every running campaign, all of it where nothing slows it; whether any still runs."""
        size = self._options.values.messages_per_tick
        if size is None:
            self._drain()
            return False
        running = self._running()
        for campaign_id in running if size else []:
            self._send(campaign_id, size)
        return bool(running)

    def _drain(self) -> None:
        """Send all that runs, unless the sender is slowed down or held."""
        while self._options.values.messages_per_tick is None and not self._stopping:
            running = self._running()
            if not running:
                return
            for campaign_id in running:
                self._send(campaign_id, BATCH)

    def _running(self) -> list[int]:
        with self._store.read() as connection:
            return [row["id"] for row in connection.execute(statements("campaigns")["running"])]

    def _due(self, until: int) -> sqlite3.Row | None:
        with self._store.read() as connection:
            row: sqlite3.Row | None = connection.execute(statements("campaigns")["due"], (until,)).fetchone()
            return row

    def _start_scheduled(self, campaign_id: int) -> None:
        with self._store.write() as connection:
            row = connection.execute("select status from campaigns where id = ?", (campaign_id,)).fetchone()
            if row is not None and row["status"] == "scheduled":
                _set_status(connection, campaign_id, "running", self._clock.now())

    def _react(self, until: int) -> None:
        with self._store.write() as connection:
            materialise(connection, until, tracking=self._options.values.individual_tracking)
            self._clock.keep(connection, until)
        self._clock.show(until)

    def _send(self, campaign_id: int, size: int) -> None:
        """One batch; the campaign is finished when there is nobody left."""
        with self._store.write() as connection:
            campaign = connection.execute("select * from campaigns where id = ?", (campaign_id,)).fetchone()
            if campaign is None or campaign["status"] != "running":
                return
            now = self._clock.now()
            if campaign["started_at"] is None:
                self._begin(connection, campaign_id, now)
            batch = _audience(connection, campaign_id, size)
            if not batch:
                _set_status(connection, campaign_id, "finished", now)
                return
            rows = [(campaign_id, who, now) for who in batch]
            connection.executemany(statements("campaigns")["record_sent"], rows)
            values = {"id": campaign_id, "sent": len(batch), "now": now}
            connection.execute(statements("campaigns")["count_sent"], values)
            self._decide(connection, campaign, batch, now)

    def _begin(self, connection: sqlite3.Connection, campaign_id: int, now: int) -> None:
        audience = _audience(connection, campaign_id, -1)
        values = {"id": campaign_id, "to_send": len(audience), "now": now}
        connection.execute(statements("campaigns")["begin"], values)
        skipped = self._options.values.skip_messages
        rows = [(campaign_id, who, None) for who in audience[-skipped:]] if skipped else []
        connection.executemany(statements("campaigns")["record_sent"], rows)

    def _decide(self, connection: sqlite3.Connection, campaign: sqlite3.Row, batch: list[int], now: int) -> None:
        urls = {url: link_id(connection, url) for url in tracked_links(campaign["body"])}
        decider = Decider(self._rates.rates, campaign["name"], tuple(urls))
        members = "select id, email from subscribers where id in (select value from json_each(?))"
        rows = [
            (now + reaction.after, campaign["id"], who, reaction.kind, urls.get(reaction.url))
            for who, email in connection.execute(members, (ids(batch),))
            for reaction in decider.reactions(email)
        ]
        connection.executemany(statements("reactions")["decide"], rows)


def tracked_links(body: str) -> list[str]:
    """The links of a message that count clicks, in their order, each once."""
    return list(dict.fromkeys(marked or named for marked, named in _TRACKED.findall(body)))


def _audience(connection: sqlite3.Connection, campaign_id: int, size: int) -> list[int]:
    """Who is next. After the last one it looks once more from the start: whoever has joined a list meanwhile
    is swept into the campaign."""
    last = connection.execute("select max(subscriber_id) from sent where campaign_id = ?", (campaign_id,)).fetchone()[0]
    for after in (last or 0, 0):
        values = {"id": campaign_id, "after": after, "limit": size}
        found = [row[0] for row in connection.execute(statements("campaigns")["audience"], values)]
        if found or not after:
            break
    return found


def _set_status(connection: sqlite3.Connection, campaign_id: int, status: str, now: int) -> None:
    values = {"id": campaign_id, "status": status, "now": now}
    connection.execute(statements("campaigns")["set_status"], values)
