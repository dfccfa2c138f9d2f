"""Random campaigns, and contacts who react to them at random, night after night on the compiled models.

`Rules` draws valid campaign rule tables, `Life` plays the contacts and a push that journals what next_step says.
`path` is the state machine of docs/decisions/0024 in plain Python, one enrolment at a time.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb
from raw_rows import Row, add, contact, event, order

from reveil import transform
from reveil.settings import Settings

FIRST_NIGHT = datetime(2026, 3, 1, 3)
# an instant whose text stands nowhere else in the compiled models; each night takes its place
_STAND_IN = datetime(2001, 2, 3, 4, 5, 6)
_MODELS = (
    "campaign_position",
    "campaign_messages",
    "contact_status",
    "contact_status_history",
    "held_back",
    "next_step",
)
REACTIONS = ("purchased", "answered", "clicked", "opened", "no_reaction")
REFUSALS = ("complained", "unsubscribed", "bounced_hard")
_SILENT = ("opened", "no_reaction")
ANSWER_URL = "https://shop.example/less-often"

Key = tuple[str, str, int]


class Models:
    """The models compiled once, run as of any night."""

    def __init__(self, settings: Settings) -> None:
        # before anything is built: compiled to be made whole, and not to add to what is kept
        self._sql = transform.compiled(settings, _STAND_IN)
        transform.build(settings, FIRST_NIGHT)
        nodes = json.loads((settings.dbt_target / "manifest.json").read_text())["nodes"]
        self._schemas = {node["name"]: node["schema"] for node in nodes.values() if node["resource_type"] == "model"}
        parents = {
            node["name"]: node["depends_on"]["nodes"] for node in nodes.values() if node["resource_type"] == "model"
        }
        self._order: list[str] = []
        for model in _MODELS:
            self._visit(model, parents)

    def run(self, connection: duckdb.DuckDBPyConnection, night: datetime) -> None:
        for name in self._order:
            sql = (
                self._sql[name]
                .replace(f"{_STAND_IN}", f"{night}")
                .replace(f"{_STAND_IN:%Y-%m-%d}", f"{night:%Y-%m-%d}")
            )
            kind = "view" if self._schemas[name] == "staging" else "table"
            _drop(connection, self._schemas[name], name)
            connection.execute(f"create {kind} {self._schemas[name]}.{name} as {sql}")

    def _visit(self, name: str, parents: Mapping[str, Sequence[str]]) -> None:
        for parent in parents[name]:
            if parent.startswith("model.") and parent.split(".")[-1] not in self._order:
                self._visit(parent.split(".")[-1], parents)
        if name not in self._order:
            self._order.append(name)


def _drop(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> None:
    kinds = connection.execute(
        "select table_type from information_schema.tables where table_schema = ? and table_name = ?", [schema, name]
    ).fetchall()
    for (kind,) in kinds:
        connection.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {schema}.{name} cascade")


@dataclass
class Rules:
    """Rule tables as a valid campaign file makes them: every reaction has one way on, steps only lead forwards."""

    campaigns: dict[str, Row]
    steps: dict[tuple[str, str], Row]
    transitions: dict[tuple[str, str, str], Row]
    budget: Row

    @classmethod
    def drawn(cls, chance: random.Random) -> Rules:
        rules = cls({}, {}, {}, {"budget": "offers", "amount": chance.choice((10, 20, 60)), "currency": "EUR"})
        rules.budget["period"] = chance.choice(("campaign", "month", "quarter", "year"))
        for campaign, audience in (("again", "drifting_and_dormant"), ("goodbye", "goodbye"), ("winback", "dormant")):
            rules._add(campaign, audience, chance)
        return rules

    def _add(self, campaign: str, audience: str, chance: random.Random) -> None:
        names = [f"s{n}" for n in range(1 if audience == "goodbye" else chance.randint(1, 4))]
        self.campaigns[campaign] = {
            "campaign": campaign,
            "audience": audience,
            "is_enabled": True,
            "first_step": names[0],
            "max_per_night": chance.choice((2, 100)),
            "default_language": "en",
            "max_messages": chance.randint(1, 3),
            "cool_off_days": chance.choice((5, 30)),
            "holdout_share": 0 if audience == "goodbye" else chance.choice((0.0, 0.3)),
            "salt": f"{campaign}-1",
            "observation_days": chance.choice((3, 15)),
            "unknown_opens": chance.choice(("count", "ignore")),
            "conversion_days": 10,
            "path_days": 12,
            "erases_early": False,
            "file_digest": "d",
        }
        for place, name in enumerate(names):
            self._add_step(campaign, name, names[place + 1 :], chance)

    def _add_step(self, campaign: str, name: str, later: Sequence[str], chance: random.Random) -> None:
        has_offer = chance.random() < 0.5
        self.steps[campaign, name] = {
            "campaign": campaign,
            "step": name,
            "message": f"m_{name}",
            "offer": "voucher" if has_offer else None,
            "offer_cost": chance.choice((1, 5)) if has_offer else 0,
            "wait_days": chance.randint(1, 12),
            "budget": "offers" if has_offer else None,
            "currency": "EUR" if has_offer else None,
        }
        for reaction in REACTIONS:
            leads = bool(later) and chance.random() < 0.7
            row = {"campaign": campaign, "step": name, "reaction": reaction, "otherwise_step": None}
            row["next_step"] = chance.choice(later) if leads else None
            row["exit"] = None if leads else f"exit_{reaction}"
            row["otherwise_exit"] = "too_dear" if leads and chance.random() < 0.3 else None
            if leads and row["otherwise_exit"] is None and chance.random() < 0.5:
                row["otherwise_step"] = chance.choice(later)
            self.transitions[campaign, name, reaction] = row

    def write(self, settings: Settings) -> None:
        add(settings, "rules.campaigns", *self.campaigns.values())
        add(settings, "rules.campaign_steps", *self.steps.values())
        add(settings, "rules.campaign_transitions", *self.transitions.values())
        add(settings, "rules.budgets", self.budget)
        for campaign in self.campaigns:
            answer = {"campaign": campaign, "link": "less", "url": ANSWER_URL, "frequency": "monthly", "stays": False}
            add(settings, "rules.campaign_answers", answer)
        texts = [{**_only(row, "campaign", "message"), "language": "en"} for row in self.steps.values()]
        add(settings, "rules.campaign_messages", *texts)


def _only(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


@dataclass
class Life:
    """What contacts do between two nights, and a push that journals whatever next_step says."""

    settings: Settings
    chance: random.Random
    contacts: int
    number: int = 0
    tracked: dict[str, bool] = field(default_factory=dict)

    def begin(self) -> None:
        """Contacts of every age: active, drifting, dormant, lost, and due for erasure soon."""
        people, orders = [], []
        for n in range(self.contacts):
            name = f"c{n:02}"
            self.tracked[name] = self.chance.random() < 0.8
            since = FIRST_NIGHT - timedelta(days=self.chance.choice((200, 265, 300, 500, 725, 740, 1090)))
            line = self.chance.choice(("fashion", "newsletter"))
            people.append(contact(name, signed_up_at=since, business_line=line, tracking_consent=self.tracked[name]))
            if self.chance.random() < 0.3:
                orders.append(order(f"o-{name}", name, f"{since + timedelta(days=30)}", amount=n))
        add(self.settings, "raw.crm_contacts", *people)
        if orders:
            add(self.settings, "raw.crm_orders", *orders)

    def react(self, connection: duckdb.DuckDBPyConnection, since: datetime, until: datetime) -> None:
        """Some contacts of the messages that are out do something, in [since, until)."""
        out = connection.execute(
            "select distinct contact_id, batch_key from journal.batch_contacts where as_of < ? order by all", [until]
        ).fetchall()
        for contact_id, batch_key in out:
            if self.chance.random() < 0.12:
                at = since + timedelta(seconds=self.chance.randrange(int((until - since).total_seconds())))
                self._act(connection, contact_id, batch_key, at)

    def _act(self, connection: duckdb.DuckDBPyConnection, contact_id: str, batch_key: str, at: datetime) -> None:
        self.number += 1
        kinds = ("opened", "opened", "unknown", "clicked", "robot", "soft", "answer", "order", "cancelled", "login")
        kind = self.chance.choice((*kinds, "preference", *(REFUSALS if self.chance.random() < 0.4 else ("opened",))))
        key = f"e{self.number}"
        if kind in ("order", "cancelled"):
            status = "paid" if kind == "order" else "cancelled"
            _insert(connection, "raw.crm_orders", {**order(key, contact_id, f"{at}"), "status": status, "load_id": 1})
        elif kind == "login":
            _insert(connection, "raw.crm_logins", {"contact_id": contact_id, "logged_in_at": at, "load_id": 1})
        elif kind == "preference":
            row = {"contact_id": contact_id, "set_at": at, "frequency": "monthly", "load_id": 1}
            _insert(connection, "raw.crm_preferences", row)
        else:
            actor = {"unknown": "unknown", "robot": "machine"}.get(kind, "human")
            name = {"unknown": "opened", "robot": "clicked", "answer": "clicked", "soft": "bounced_soft"}.get(
                kind, kind
            )
            url = ANSWER_URL if kind == "answer" else "https://shop.example/new"
            row = {**event(key, contact_id, name, f"{at}", actor=actor, batch_key=batch_key), "load_id": 1}
            _insert(connection, "raw.esp_events", {**row, "url": url if name == "clicked" else None})

    def push(self, connection: duckdb.DuckDBPyConnection, night: datetime) -> None:
        cursor = connection.execute("select * from marts.next_step order by contact_id")
        names = [column[0] for column in cursor.description or ()]
        for values in cursor.fetchall():
            self._journal(connection, dict(zip(names, values, strict=True)), night)

    def _journal(self, connection: duckdb.DuckDBPyConnection, row: Row, night: datetime) -> None:
        common = {**_only(row, "campaign", "enrolment", "contact_id"), "as_of": night}
        if row["is_enrolment"]:
            enrolment = {**common, **_only(row, "arm", "closes_on", "file_digest")}
            _insert(connection, "journal.enrolments", enrolment)
        if row["arm"] == "holdout":
            return
        key = f"{row['campaign']}/{row['step']}/{row['message']}/en/{night:%Y-%m-%d}/1"
        outcome = self.chance.choice(("sent",) * 12 + ("unknown", "refused"))
        batch = {**common, "batch_key": key, "step": row["step"], "offer_cost": row["offer_cost"], "outcome": outcome}
        _insert(connection, "journal.batch_contacts", batch)
        known = {**_only(row, "campaign", "step", "message"), "batch_key": key, "language": "en", "as_of": night}
        _insert(connection, "journal.batches", {**known, "n": 1, "esp": "sandbox", "planned": 1}, "or ignore")
        if row["budget"]:
            entry = {"budget": row["budget"], "batch_key": key, "contact_id": row["contact_id"], "entry": "committed"}
            money = {"amount": row["offer_cost"], "currency": "EUR", "as_of": night}
            _insert(connection, "journal.budget_entries", {**entry, **money})


def _insert(connection: duckdb.DuckDBPyConnection, table: str, row: Row, how: str = "") -> None:
    marks = ", ".join("?" for _ in row)
    connection.execute(f"insert {how} into {table} ({', '.join(row)}) values ({marks})", list(row.values()))


@dataclass(frozen=True)
class Path:
    """Where an enrolment stands."""

    step: str
    reaction: str | None
    next_step: str | None
    exit: str | None
    closed_on: date | None
    ended_in_silence: bool


@dataclass
class Facts:
    """What the warehouse holds of one contact, as of a night."""

    messages: list[tuple[str, int, str, str, datetime, str]]
    """(campaign, enrolment, step, batch_key, as_of, outcome), in order."""
    events: list[tuple[str, str, datetime, str, str | None]]
    """(event, batch_key, occurred_at, actor, url)."""
    purchases: list[datetime]
    answers: list[datetime]
    """Logins and preferences."""
    is_tracked: bool


def facts(connection: duckdb.DuckDBPyConnection, night: datetime, tracked: Mapping[str, bool]) -> dict[str, Facts]:
    found = {name: Facts([], [], [], [], is_tracked) for name, is_tracked in tracked.items()}

    def rows(query: str) -> Iterator[tuple[Any, ...]]:
        yield from connection.execute(query, [night] * query.count("?")).fetchall()

    for name, *row in rows(
        "select contact_id, campaign, enrolment, step, batch_key, as_of, outcome from journal.batch_contacts "
        "where as_of < ? order by as_of"
    ):
        found[name].messages.append((row[0], row[1], row[2], row[3], row[4], row[5]))
    for name, *row in rows(
        "select contact_id, event, batch_key, occurred_at, actor, url from raw.esp_events where occurred_at < ?"
    ):
        found[name].events.append((row[0], row[1], row[2], row[3], row[4]))
    for name, at in rows("select contact_id, ordered_at from raw.crm_orders where status = 'paid' and ordered_at < ?"):
        found[name].purchases.append(at)
    for name, at in rows(
        "select contact_id, logged_in_at from raw.crm_logins where logged_in_at < ? "
        "union all select contact_id, set_at from raw.crm_preferences where set_at < ?"
    ):
        found[name].answers.append(at)
    return found


def path(rules: Rules, known: Facts, key: Key, night: datetime) -> Path:
    """Follow one treated enrolment to where it stands on `night`."""
    campaign, enrolment = key[0], key[2]
    own = [message for message in known.messages if message[:2] == (campaign, enrolment)]
    _, _, step, batch_key, sent_at, outcome = own[-1]
    messages = sum(message[5] != "refused" for message in own)
    rule = rules.campaigns[campaign]
    read_at = sent_at + timedelta(days=rules.steps[campaign, step]["wait_days"])
    observed = timedelta(days=rule["observation_days"])
    silent = False
    reaction = next_step = exit_ = None
    ends: datetime | None = None
    if outcome == "refused":
        exit_, ends = "refused", sent_at
    elif read_at <= night:
        reaction = _reaction(rule, known, batch_key, sent_at, read_at)
        next_step, exit_ = _transition(rules, (campaign, step, reaction), {one[2] for one in own}, messages)
        otherwise = rules.transitions[campaign, step, reaction]["otherwise_exit"]
        if exit_ is None and otherwise and rules.steps[campaign, str(next_step)]["budget"]:
            exit_ = otherwise if read_at + timedelta(days=7) <= night else None
        silent = reaction in _SILENT
        if exit_ is None:
            ends = _midnight(read_at + observed)
        else:
            ends = max(read_at, _midnight(sent_at + observed)) if silent else read_at
        back = _came_back(known, batch_key, sent_at, read_at)
        if (silent or exit_ is None) and back is not None and back < ends:
            exit_, ends, silent = "came_back", back, False
        elif exit_ is None and ends.date() <= night.date():
            exit_ = "not_sent"
    begun = own[0][4]
    refusals = [
        (REFUSALS.index(kind), at)
        for kind, _, at, _, _ in known.events
        if kind in REFUSALS and at >= begun and (ends is None or at < ends)
    ]
    if refusals:
        exit_ = reaction = REFUSALS[min(refusals)[0]]
        ends, silent = min(at for _, at in refusals), False
    closed_on = ends.date() if ends is not None and ends.date() <= night.date() else None
    return Path(
        step, reaction, next_step if exit_ is None else None, exit_, closed_on, silent and closed_on is not None
    )


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.date(), time())


def _reaction(rule: Row, known: Facts, batch_key: str, sent_at: datetime, read_at: datetime) -> str:
    """The first that applies while the step's wait lasts."""
    own = [one for one in known.events if one[1] == batch_key and sent_at <= one[2] < read_at]
    clicks = [url for kind, _, _, actor, url in own if kind == "clicked" and actor == "human"]
    opens = ("human", "unknown") if rule["unknown_opens"] == "count" else ("human",)
    if any(sent_at <= at < read_at for at in known.purchases):
        return "purchased"
    if ANSWER_URL in clicks or any(sent_at <= at < read_at for at in known.answers):
        return "answered"
    if clicks:
        return "clicked"
    if known.is_tracked and any(kind == "opened" and actor in opens for kind, _, _, actor, _ in own):
        return "opened"
    return "no_reaction"


def _transition(
    rules: Rules, taken: tuple[str, str, str], sent: set[str], messages: int
) -> tuple[str | None, str | None]:
    row = rules.transitions[taken]
    if row["next_step"] is None:
        return None, row["exit"]
    if messages >= rules.campaigns[taken[0]]["max_messages"]:
        return row["next_step"], "max_messages"
    return row["next_step"], "already_sent" if row["next_step"] in sent else None


def _came_back(known: Facts, batch_key: str, sent_at: datetime, read_at: datetime) -> datetime | None:
    clicks = [
        (at, batch)
        for kind, batch, at, actor, _ in known.events
        if kind == "clicked" and actor == "human" and at >= sent_at
    ]
    signs = [at for at in (*known.purchases, *known.answers) if at >= read_at]
    signs += [max(at, read_at) for at, batch in clicks if at >= read_at or batch != batch_key]
    return min(signs, default=None)
