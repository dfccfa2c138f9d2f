"""The search on demand: is a value that somebody names still anywhere?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reveil.addresses import normalise_address
from reveil.compliance import Compliance
from reveil.erasure.proof import other_ids, searched_files, verify
from reveil.erasure.remembered import erased_among, tokens_in
from reveil.erasure.values import Values
from reveil.report import Report
from reveil.settings import Settings
from reveil.transform import tables
from reveil.warehouse import Warehouse, sql


def verify_now(settings: Settings, given: Sequence[str], now: datetime) -> Report:
    """Search everything, the outbox included, for addresses and contact ids; note the search, never the values.

    Where nothing is given: for everybody whose erasure is remembered, by the HMACs of what stands in the files.
    """
    compared = 0
    if given:
        addresses = {one.strip().lower() for one in given if "@" in one}
        addresses |= {found for one in given if (found := normalise_address(one))}
        values = Values(frozenset(one.strip() for one in given if "@" not in one), frozenset(addresses))
    else:
        values, compared = _remembered(settings, now)
    seen = verify(settings, values, tables(settings))
    bound: dict[str, Any] = {
        "run_id": None,
        "as_of": now,
        "method": ", ".join(seen.methods),
        "places": json.dumps(seen.places),
    }
    bound |= {"files": seen.files, "bytes": seen.bytes, "values": seen.values, "found": seen.found}
    with Compliance(settings).write("erase: verification") as connection:
        connection.execute(sql("ledger_verification"), bound)
    figures = {**seen.figures(), "compared": compared}
    lines = [
        f"{seen.values} values searched in {seen.files} files, {seen.bytes / 1_000_000:,.0f} MB: {seen.found} found"
    ]
    if not given:
        lines.insert(
            0,
            f"{compared:,} different addresses and ids stand in files and tables; {seen.values} belong to people "
            "who were erased (by HMAC; ids in columns only)",
        )
    lines += [f"  {told['files']} {name}: {told['how']}" for name, told in figures["methods"].items()]
    lines += [f"  found: {place} ({count})" for place, count in seen.places.items()]
    return Report("erase verify", tuple(lines), figures)


def _remembered(settings: Settings, now: datetime) -> tuple[Values, int]:
    """Who of the people that an erasure remembers stands somewhere, and how many different values were compared."""
    with Warehouse(settings).shared("erase: verify"):
        tokens = tokens_in(searched_files(settings), other_ids(tables(settings)))
    return erased_among(settings, tokens, now), tokens.count
