"""What a purchase log lacks, made up: people, consents, logins, newsletters and reactions.

Everything drawn here is synthetic. Each draw is a hash of the seed, what is drawn and for
whom, so the same log and seed give the same files on any machine. Addresses are in the
reserved domain `.example` only. Nothing is dated after the log's last day.
"""

from __future__ import annotations

import duckdb

from reveil.warehouse import sql

SCRIPTS = ("sample_people", "sample_actions", "sample_newsletters", "sample_reactions")

RATES = {
    "opened": 0.186,
    "clicked": 0.011,
    "unsubscribed": 0.0022,
    "bounced_hard": 0.0070,
    "bounced_soft": 0.02,
    "complained": 0.0002,
}
"""Aimed at, in parts of the messages sent: about what a real sender sees."""


def add(connection: duckdb.DuckDBPyConnection, seed: str, business_line: str) -> None:
    """Fill the schema `landing` from the tables that a log's script has made:

    orders (order_id, contact_id, ordered_at, amount, currency, status) and customers
    (contact_id, first_at, country); customers without a country get one made up.
    """
    given = {"seed": seed, "business_line": business_line}
    rates = {f"{event}_rate": rate for event, rate in RATES.items()}
    for name, value in (given | rates).items():
        connection.execute(f"set variable {name} = ?", [value])
    for script in SCRIPTS:
        connection.execute(sql(script))


def measured_rates(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Messages with at least one such event, in parts of the messages sent."""
    rows = connection.execute(sql("sample_rates")).fetchall()
    return {event: float(rate) for event, rate in rows}


def rate_line(rates: dict[str, float]) -> str:
    shown = ", ".join(f"{event} {rates.get(event, 0):.2%}" for event in RATES)
    return f"newsletters and reactions (synthetic), of the messages sent: {shown}"
