"""A million opens from the sandbox into raw, each once: seconds of a first gathering, and of a second that finds
them all known.

    python bench/gather.py [--events 1000000]
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from reveil import verbs
from reveil.push import gather
from reveil.sandbox import SandboxHandle, running
from reveil.settings import Settings
from reveil.warehouse import Warehouse

NIGHT = datetime(1998, 7, 1)

CONTACTS = 100_000
PEOPLE = """
insert into raw.crm_contacts (contact_id, email, normalised_email, marketing_consent, tracking_consent,
    first_loaded_at, load_id)
select 'c' || n, 'c' || n || '@gmail.example', 'c' || n || '@gmail.example', true, true, timestamp '1998-01-01', 1
from range($contacts) as numbers (n)
"""
SUBSCRIBERS = """
with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < :contacts)
insert into subscribers (uuid, email, name, attribs, status, created_at, updated_at)
select 'u' || n, 'c' || n || '@gmail.example', 'x', '{}', 'enabled', 0, 0 from numbers
"""
VIEWS = """
with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < :events)
insert into campaign_views (campaign_id, subscriber_id, created_at)
select 1, 1 + n % :contacts, :start + n / :contacts * 60000000 from numbers
"""
CAMPAIGN = """
insert into campaigns (uuid, type, name, subject, from_email, body, content_type, headers, tags, attribs, messenger,
    created_at, updated_at)
values ('u', 'regular', 'their newsletter', 's', 'f', 'b', 'html', '[]', '[]', '{}', 'email', 0, 0)
"""


def settings_for(data: Path, handle: SandboxHandle) -> Settings:
    settings = Settings.model_validate({"data": data})
    return settings.with_esp(url=handle.url, user=handle.user, token=handle.token)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder / "sandbox", clock=NIGHT):
            pass  # makes its tables
        with sqlite3.connect(folder / "sandbox" / "sandbox.sqlite") as store:
            store.execute(SUBSCRIBERS, {"contacts": CONTACTS})
            store.execute(CAMPAIGN)
            start = int((NIGHT - timedelta(days=1) - NIGHT.min.replace(year=1970)).total_seconds()) * 1_000_000
            store.execute(VIEWS, {"events": events, "contacts": CONTACTS, "start": start})
        store.close()
        with running(folder / "sandbox", clock=NIGHT) as handle:
            settings = settings_for(folder / "data", handle)
            with Warehouse(settings).write("bench") as connection:
                connection.execute(PEOPLE, {"contacts": CONTACTS})
                connection.execute("insert into journal.origin (origin) values ('sample')")
            with verbs.connected(settings) as esp:
                for which in ("first", "second"):
                    started = time.perf_counter()
                    report = gather(settings, esp, NIGHT)
                    opened = report.figures["events"].get("opened", {})
                    print(f"{which} gathering: {time.perf_counter() - started:.1f} s (limit 30), {opened}", flush=True)


if __name__ == "__main__":
    main()
