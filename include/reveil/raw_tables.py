"""The raw tables: their columns, keys, and which time makes a row visible.

One list serves the DDL, the loader and the tests; the dbt sources describe the same tables
for people, and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column; `required` means that a row without a value is set aside."""

    name: str
    type: str = "VARCHAR"
    required: bool = False
    must_exist: bool = False
    """The file is refused when it lacks this column (values may still be null)."""
    values: tuple[str, ...] = ()
    """Allowed values; any other sets the row aside."""


@dataclass(frozen=True)
class RawTable:
    """A raw table. An empty `key` means that the whole row is the key."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    latest_by: str | None = None
    occurred_at: str | None = None
    """The instant that makes a row visible, and that may not lie in the future."""
    one_of: tuple[str, ...] = ()
    """Of these columns at least one must have a value."""
    addresses: tuple[str, ...] = ()
    """Columns of e-mail addresses: a control character in one sets the row aside."""

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _must(name: str, kind: str = "VARCHAR", values: tuple[str, ...] = ()) -> Column:
    return Column(name, kind, required=True, must_exist=True, values=values)


EVENTS = (
    "delivered",
    "opened",
    "clicked",
    "bounced_hard",
    "bounced_soft",
    "unsubscribed",
    "complained",
)
ACTORS = ("human", "machine", "unknown")

RAW_TABLES = (
    RawTable(
        "crm_contacts",
        (
            _must("contact_id"),
            Column("email", must_exist=True),
            Column("first_name"),
            Column("last_name"),
            Column("country"),
            Column("language"),
            Column("business_line"),
            Column("contact_kind", values=("customer", "prospect")),
            Column("signed_up_at", "TIMESTAMP"),
            Column("marketing_consent", "BOOLEAN"),
            Column("marketing_consent_at", "TIMESTAMP"),
            Column("tracking_consent", "BOOLEAN"),
            Column("tracking_consent_at", "TIMESTAMP"),
            Column("hold_until", "TIMESTAMP"),
            Column("hold_reason"),
            Column("updated_at", "TIMESTAMP"),
        ),
        key=("contact_id",),
        latest_by="updated_at",
        occurred_at="signed_up_at",
        addresses=("email",),
    ),
    RawTable(
        "crm_orders",
        (
            _must("order_id"),
            _must("contact_id"),
            _must("ordered_at", "TIMESTAMP"),
            _must("amount", "DECIMAL(18, 2)"),
            Column("business_line"),
            Column("currency"),
            Column("status", values=("paid", "cancelled", "returned")),
            Column("coupon"),
            Column("updated_at", "TIMESTAMP"),
        ),
        key=("order_id",),
        latest_by="updated_at",
        occurred_at="ordered_at",
    ),
    RawTable(
        "crm_logins",
        (_must("contact_id"), _must("logged_in_at", "TIMESTAMP")),
        occurred_at="logged_in_at",
    ),
    RawTable(
        "crm_interactions",
        (_must("contact_id"), _must("occurred_at", "TIMESTAMP"), _must("interaction")),
        occurred_at="occurred_at",
    ),
    RawTable(
        "crm_preferences",
        (
            _must("contact_id"),
            _must("set_at", "TIMESTAMP"),
            Column("frequency", values=("weekly", "monthly", "quarterly", "never")),
            Column("relevance", "SMALLINT", values=("1", "2", "3", "4", "5")),
        ),
        key=("contact_id", "set_at"),
        occurred_at="set_at",
    ),
    RawTable(
        "crm_erasure_requests",
        (
            _must("request_id"),
            Column("contact_id"),
            Column("email"),
            _must("requested_at", "TIMESTAMP"),
            Column("channel"),
        ),
        key=("request_id",),
        occurred_at="requested_at",
        one_of=("contact_id", "email"),
        addresses=("email",),
    ),
    RawTable(
        "esp_sends",
        (
            _must("esp"),
            Column("batch_key"),
            _must("campaign"),
            Column("step"),
            _must("contact_id"),
            _must("sent_at", "TIMESTAMP"),
        ),
        key=("esp", "contact_id", "campaign", "sent_at"),
        occurred_at="sent_at",
    ),
    RawTable(
        "esp_events",
        (
            _must("esp"),
            _must("event_id"),
            _must("contact_id"),
            Column("campaign"),
            Column("batch_key"),
            _must("event", values=EVENTS),
            _must("occurred_at", "TIMESTAMP"),
            Column("actor", values=ACTORS),
            Column("url"),
        ),
        key=("esp", "event_id"),
        occurred_at="occurred_at",
    ),
    RawTable(
        "postmaster_rates",
        (_must("day", "DATE"), _must("domain"), _must("complaint_rate", "DOUBLE")),
        key=("day", "domain"),
        occurred_at="day",
    ),
)

BY_NAME = {table.name: table for table in RAW_TABLES}
