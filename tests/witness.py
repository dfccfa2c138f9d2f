"""A witness of many nights: writes down after each one what the sandbox really sent and what the warehouse said, in a
database of its own that no erasure reaches. What must hold on every night is asked of it.

It holds addresses, in memory only; what it answers are nights and counts.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import duckdb
from pushing import adapter
from regular import FREQUENCIES, list_name
from sandboxes import control, sent

from reveil.addresses import normalise_address
from reveil.compliance import Compliance
from reveil.sandbox import SandboxHandle
from reveil.settings import Settings
from reveil.warehouse import Warehouse, staged

_TABLES = """
    create table sent (night timestamp, id bigint, batch_key varchar, email varchar, sent_at timestamp);
    create table journalled (
        night timestamp, batch_key varchar, campaign varchar, enrolment integer, step varchar, contact_id varchar,
        outcome varchar, offer_cost decimal(18, 2), email varchar, arm varchar
    );
    create table barred (
        night timestamp, contact_id varchar, email varchar, why varchar, since timestamp,
        unique (contact_id, why, since)
    );
    create table held (
        night timestamp, contact_id varchar, email varchar, status varchar, is_mailable boolean, has_signed_up boolean
    );
    create table on_lists (night timestamp, email varchar);
    create table subscribers (night timestamp, email varchar);
    create table entries (contact_hmac varchar, entry_id varchar, unique (entry_id));
    create table ledger (night timestamp, runs bigint, erased bigint);
    create table misled (night timestamp, contact_id varchar);
    create table overstayed (night timestamp, contact_id varchar);
    create table due (night timestamp, overdue bigint);
    create table spent (night timestamp, budget varchar, amount decimal(18, 2), committed decimal(18, 2));
    create table steps (
        night timestamp, campaign varchar, step varchar, wait_days integer, max_messages integer,
        unique (campaign, step)
    );

    -- what really left, with the passage that it belongs to
    create view told as
    select journalled.* from sent inner join journalled using (night, batch_key, email)
    where journalled.outcome = 'sent';

    -- the first night on which somebody who had been held is held no more; alone: their address was nobody else's
    create view gone as
    select seen.contact_id, seen.email, min(nights.night) as night, any_value(addresses.owners) = 1 as is_alone,
        any_value(seen.was_mailable) as was_mailable
    from (
        select contact_id, any_value(email) as email, max(night) as last, arg_max(is_mailable, night) as was_mailable
        from held group by contact_id
    ) as seen
    inner join (select distinct night from held) as nights on nights.night > seen.last
    left join (select email, count(distinct contact_id) as owners from held group by email) as addresses using (email)
    group by seen.contact_id, seen.email;
"""

_STEPS = """
    select $night, steps.campaign, steps.step, steps.wait_days, campaigns.max_messages
    from rules.campaign_steps as steps inner join rules.campaigns as campaigns using (campaign)
"""

_JOURNALLED = """
    select $night, messages.batch_key, messages.campaign, messages.enrolment, messages.step, messages.contact_id,
        messages.outcome, messages.offer_cost, contacts.normalised_email, enrolments.arm
    from journal.batch_contacts as messages
    left join raw.crm_contacts as contacts using (contact_id)
    left join journal.enrolments as enrolments using (campaign, enrolment, contact_id)
    where messages.as_of = $night
"""

# what forbids to mail somebody, in the raw rows themselves
_BARRED = """
    select $night, events.contact_id, contacts.normalised_email, events.event, events.occurred_at
    from raw.esp_events as events inner join raw.crm_contacts as contacts using (contact_id)
    where events.event in ('unsubscribed', 'complained', 'bounced_hard') and events.occurred_at < $night
    union all
    select $night, contact_id, null, 'no_consent', $night
    from raw.crm_contacts where not coalesce(marketing_consent, false)
    union all
    select $night, contacts.contact_id, null, 'request', requests.requested_at
    from raw.crm_erasure_requests as requests
    inner join raw.crm_contacts as contacts
        on requests.contact_id = contacts.contact_id or lower(trim(requests.email)) = contacts.normalised_email
    where requests.requested_at < $night
    union all
    select $night, contact_id, null, 'frozen', $night
    from journal.erasure_freezes
"""

_HELD = """
    select $night, contacts.contact_id, contacts.normalised_email, statuses.status, statuses.is_mailable,
        coalesce(contacts.signed_up_at < $night, true)
    from raw.crm_contacts as contacts left join marts.contact_status as statuses using (contact_id)
"""

# got the larger offer tonight without having opened the message before, or having clicked it
_MISLED = """
    select $night, offers.contact_id
    from journal.batch_contacts as offers
    inner join journal.batch_contacts as firsts using (campaign, enrolment, contact_id)
    inner join rules.campaign_steps as steps on firsts.campaign = steps.campaign and firsts.step = steps.step
    left join raw.esp_events as events
        on firsts.batch_key = events.batch_key and firsts.contact_id = events.contact_id
            and events.occurred_at >= firsts.as_of
            and events.occurred_at < firsts.as_of + to_days(steps.wait_days)
    where offers.step = 'larger_offer' and firsts.step = 'we_miss_you' and offers.as_of = $night
    group by offers.contact_id
    having not bool_or(coalesce(events.event = 'opened' and coalesce(events.actor, 'unknown') <> 'machine', false))
        or bool_or(coalesce(events.event = 'clicked' and coalesce(events.actor, 'human') = 'human', false))
"""

# three years after the last thing that came from the person, by the raw rows alone
_OVERSTAYED = """
    with acts as (
        select contact_id, ordered_at as at from raw.crm_orders
        union all select contact_id, logged_in_at from raw.crm_logins
        union all select contact_id, occurred_at from raw.crm_interactions
        union all select contact_id, set_at from raw.crm_preferences
        union all select contact_id, signed_up_at from raw.crm_contacts
        union all select contact_id, marketing_consent_at from raw.crm_contacts where marketing_consent
        union all select contact_id, tracking_consent_at from raw.crm_contacts where tracking_consent
        union all select contact_id, occurred_at from raw.esp_events
            where event = 'clicked' and coalesce(actor, 'human') <> 'machine'
    )

    select $night, contact_id
    from raw.crm_contacts as contacts inner join acts using (contact_id)
    where acts.at < $night and coalesce(contacts.hold_until, $night) <= $night
    group by contact_id
    having max(acts.at)::date + interval 36 months < $night
"""

_BUDGETS = """
    select $night, budget, any_value(budgets.amount),
        sum(if(entries.entry = 'released', -entries.amount, entries.amount))
    from journal.budget_entries as entries inner join rules.budgets as budgets using (budget)
    where budgets.period = 'month' and date_trunc('month', entries.as_of) = date_trunc('month', $night::timestamp)
    group by budget
"""

_ONCE = {"barred", "entries", "steps"}
"""Tables that keep what they have: the first night that something was seen on counts."""

_DUE = "select $night, count(*) filter (where days_overdue > 0) from marts.erasure_due"

_QUERIES = {
    "journalled": _JOURNALLED,
    "barred": _BARRED,
    "held": _HELD,
    "misled": _MISLED,
    "overstayed": _OVERSTAYED,
    "due": _DUE,
    "spent": _BUDGETS,
    "steps": _STEPS,
}

# each finds nobody; the first column is the night
BROKEN = {
    "the journal names whom the provider sent to, no more and no fewer": """
        select coalesce(sent.night, journalled.night)
        from (select night, batch_key, email, count(*) as copies from sent group by all) as sent
        full outer join (
            select night, batch_key, email, count(*) as copies from journalled where outcome = 'sent' group by all
        ) as journalled using (night, batch_key, email)
        where sent.copies is distinct from 1 or journalled.copies is distinct from 1
    """,
    "nobody mailed on a night is erased on it": "select night from sent where email = '' or email is null",
    "nobody is sent a step of a passage twice": """
        select max(night) from told group by campaign, enrolment, step, contact_id having count(*) > 1
    """,
    "nobody gets more messages in a passage than the campaign allows": """
        select max(told.night) from told inner join steps using (campaign, step)
        group by campaign, enrolment, contact_id having count(*) > any_value(steps.max_messages)
    """,
    "the wait of a step has passed before the next": """
        select next_night from (
            select told.night, steps.wait_days, lead(told.night) over (
                partition by campaign, enrolment, contact_id order by told.night
            ) as next_night
            from told inner join steps using (campaign, step)
        ) where next_night < night + to_days(wait_days)
    """,
    "a mailbox gets one message a week at most": """
        select next_at from (
            select sent_at, lead(sent_at) over (partition by email order by sent_at) as next_at
            from sent where email <> ''
        ) where next_at < sent_at + interval 7 days
    """,
    "nobody is mailed after an unsubscribe, a complaint or a hard bounce of the mailbox": """
        select sent.night from sent inner join barred using (email)
        where barred.why in ('unsubscribed', 'complained', 'bounced_hard') and barred.since < sent.night
    """,
    "nobody is mailed without consent": """
        select told.night from told inner join barred using (night, contact_id) where barred.why = 'no_consent'
    """,
    "nobody is mailed who asked to be erased": """
        select told.night from told inner join barred using (contact_id)
        where barred.why = 'request' and barred.since < told.night
    """,
    "nobody is mailed who is frozen": """
        select told.night from told inner join barred using (contact_id)
        where barred.why = 'frozen' and barred.since < told.night
    """,
    "nobody is mailed after their erasure": """
        select told.night from told inner join gone using (contact_id) where gone.night <= told.night
        union all
        select sent.night from sent inner join gone using (email) where gone.night <= sent.night and gone.is_alone
    """,
    "nobody who was erased is held again": """
        select held.night from held inner join gone using (contact_id) where held.night >= gone.night
    """,
    "the provider knows nobody who was erased": """
        select subscribers.night from subscribers inner join gone using (email)
        where subscribers.night >= gone.night and gone.is_alone
    """,
    "the larger offer goes to those who opened the message before and did not click": "select night from misled",
    "no budget is exceeded in any month": "select night from spent where committed > amount",
    "the offers that were sent are paid by the budget of their month": """
        select max(spent.night) from spent
        inner join (
            select date_trunc('month', night) as month, sum(offer_cost) as cost from told group by all
        ) as offers on offers.month = date_trunc('month', spent.night)
        group by offers.month, offers.cost having offers.cost > max(spent.amount)
    """,
    "a holdout is sent nothing": "select night from told where arm is distinct from 'treated'",
    "regular messages go to active contacts alone": """
        select night from on_lists left join held using (night, email)
        group by night, email having not coalesce(bool_or(held.status = 'active'), false)
    """,
    "nobody is overdue after an erasure": "select night from due where overdue > 0",
    "who is held and who was erased are all who were ever loaded": """
        select night from (select night, count(*) as contacts from held group by night) inner join ledger using (night)
        where contacts + erased <> (select count(distinct contact_id) from held)
    """,
    "nobody is held beyond three years of silence": "select night from overstayed",
    "every contact held is active, dormant or lost, once signed up": """
        select night from held where has_signed_up and coalesce(status, '') not in ('active', 'dormant', 'lost')
    """,
}


class Witness:
    """Looks after each night; `settings` must hold the sandbox's address."""

    def __init__(self, settings: Settings, handle: SandboxHandle) -> None:
        self._settings = settings
        self._handle = handle
        self._notes = duckdb.connect()
        self._notes.execute(_TABLES)
        self._newest = 0

    def look(self, night: datetime) -> None:
        """Write a night down that is over."""
        self._note_warehouse(night)
        self._note_sent(night)
        self._note_lists(night)
        self._note_erasures(night)

    def broken(self, rule: str) -> dict[str, int]:
        """The nights on which a rule did not hold, and how often."""
        return dict(sorted(Counter(str(row[0]) for row in self._notes.execute(BROKEN[rule]).fetchall()).items()))

    def count(self, of: str) -> int:
        """How many rows a table, or whatever follows `from`, has."""
        return int(self._notes.execute(f"select count(*) from {of}").fetchall()[0][0])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._notes.execute(query).fetchall()

    def entries_of_the_gone(self) -> Counter[int]:
        """How many of those who are gone have how many suppression entries; -1 counts entries of nobody who is gone."""
        entries = Counter(one for (one,) in self.rows("select contact_hmac from entries"))
        gone = Compliance(self._settings).hmacs([one for (one,) in self.rows("select contact_id from gone")])
        found = Counter(entries[one] for one in gone)
        found[-1] = len(entries.keys() - set(gone))
        return found

    def _note_warehouse(self, night: datetime) -> None:
        warehouse = Warehouse(self._settings)
        with warehouse.shared("witness"):
            self._notes.execute(f"attach '{warehouse.path}' as seen (read_only)")
            self._notes.execute("use seen")
            for table, query in _QUERIES.items():
                self._notes.execute(f"{_insert(table)} {query}", {"night": night})
            self._notes.execute("use memory")
            self._notes.execute("detach seen")

    def _note_sent(self, night: datetime) -> None:
        rows = [
            (night.isoformat(), str(one["id"]), one["campaign"], normalise_address(one["email"]) or "", one["sent_at"])
            for one in sent(self._handle)
            if one["id"] > self._newest
        ]
        self._newest = max([self._newest, *(int(row[1]) for row in rows)])
        self._add("sent", ("night", "id", "batch_key", "email", "sent_at"), rows)

    def _note_lists(self, night: datetime) -> None:
        everybody = control(self._handle, "GET", "/api/subscribers", per_page="all")["results"]
        self._add("subscribers", ("night", "email"), [(night.isoformat(), one["email"].lower()) for one in everybody])
        lists = {
            one["name"]: one["id"] for one in control(self._handle, "GET", "/api/lists", per_page="all")["results"]
        }
        names = [list_name(frequency) for frequency in FREQUENCIES]
        esp = adapter(self._settings)
        members = [one for name in names if name in lists for one in esp.members(str(lists[name])) if one.may_receive]
        rows = [(night.isoformat(), normalise_address(one.address) or "") for one in members]
        self._add("on_lists", ("night", "email"), rows)

    def _note_erasures(self, night: datetime) -> None:
        with Compliance(self._settings).read("witness") as connection:
            entries = connection.execute(
                "select contact_hmac, entry_id from suppressions where state = 'final'"
            ).fetchall()
            total = "select count(*), coalesce(sum(cast(counts ->> 'erased' as bigint)), 0) from ledger"
            runs, erased = connection.execute(total).fetchall()[0]
        self._add("entries", ("contact_hmac", "entry_id"), entries)
        self._notes.execute("insert into ledger values (?, ?, ?)", [night, runs, erased])

    def _add(self, table: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        with staged(self._notes, "added", columns, rows):
            self._notes.execute(f"{_insert(table)} by name select * from added")


def _insert(table: str) -> str:
    return f"insert {'or ignore ' if table in _ONCE else ''}into memory.main.{table}"
