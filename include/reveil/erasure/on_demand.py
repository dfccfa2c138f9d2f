"""The search on demand: is a value that somebody names still anywhere?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reveil.addresses import normalise_address
from reveil.compliance import Compliance
from reveil.erasure.proof import verify
from reveil.erasure.values import Values
from reveil.errors import BadInput
from reveil.report import Report
from reveil.settings import Settings
from reveil.transform import tables
from reveil.warehouse import sql


def verify_now(settings: Settings, given: Sequence[str], now: datetime) -> Report:
    """Search everything, the outbox included, for addresses and contact ids; note the search, never the values.

    Raises BadInput where nothing is given.
    """
    if not given:
        raise BadInput("erase verify: give addresses or contact ids on standard input, one a line")
    addresses = {one.strip().lower() for one in given if "@" in one}
    addresses |= {found for one in given if (found := normalise_address(one))}
    values = Values(frozenset(one.strip() for one in given if "@" not in one), frozenset(addresses))
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
    figures = seen.figures()
    lines = [
        f"{seen.values} values searched in {seen.files} files, {seen.bytes / 1_000_000:,.0f} MB: {seen.found} found"
    ]
    lines += [f"  {told['files']} {name}: {told['how']}" for name, told in figures["methods"].items()]
    lines += [f"  found: {place} ({count})" for place, count in seen.places.items()]
    return Report("erase verify", tuple(lines), figures)
