"""What an erasure deletes from: not a list, but what the models' YAML says of every table.

`meta: {contact_key: true}` marks a contact's id, `mailbox_key` a mailbox's, `personal` what names a person, and
`subscriber_key` beside it the provider's id of one. Sources of raw and journal, and models that keep rows from
build to build, are targets; other models are made anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from reveil.transform import Table

_OWNED = ("raw", "journal")


@dataclass(frozen=True)
class Target:
    """A table, and the condition that finds the rows of who is erased: against the temporary tables `going`
    (contact_id), `gone_addresses` (address) and `gone_subscribers` (esp_id)."""

    name: str
    condition: str


def targets(tables: tuple[Table, ...]) -> tuple[Target, ...]:
    """In name order."""
    found = [_target(table) for table in tables if _is_kept(table)]
    return tuple(sorted((one for one in found if one), key=lambda one: one.name))


def _is_kept(table: Table) -> bool:
    return table.schema in _OWNED if table.is_source else table.is_kept


def _target(table: Table) -> Target | None:
    contacts = table.marked("contact_key")
    subscribers = table.marked("subscriber_key")
    addresses = [name for name in table.marked("personal") if name not in subscribers]
    conditions = [f"{name} in (select contact_id from going)" for name in contacts]
    conditions += [f"{name} in (select 'm' || contact_id from going)" for name in table.marked("mailbox_key")]
    # whoever has no id is known by address; two contacts may share one, so an id goes first
    nobody = "".join(f" and {name} is null" for name in contacts)
    conditions += [f"lower(trim({name})) in (select address from gone_addresses){nobody}" for name in addresses]
    if not contacts:
        conditions += [f"{name} in (select esp_id from gone_subscribers)" for name in subscribers]
    return Target(table.name, " or ".join(f"({one})" for one in conditions)) if conditions else None
