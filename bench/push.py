"""A push of many contacts to the sandbox, read-back included, against bare requests that upload and download the same
bytes at the same endpoints; and what memory it takes above a push of nobody.

    python bench/push.py [--contacts 200000]

Each measurement is a process of its own. The floor of the ratio is 1: the provider does the same work for both.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import requests

from reveil import verbs
from reveil.push import plan, push
from reveil.sandbox import SandboxHandle, running
from reveil.settings import Settings
from reveil.warehouse import Warehouse

NIGHT = datetime(1998, 7, 1)
MARTS = (Path(__file__).resolve().parents[1] / "tests" / "pushing.sql").read_text(encoding="utf-8")

RATES = {
    "shares": dict.fromkeys(("bounced_hard", "bounced_soft", "opened", "clicked", "unsubscribed", "complained"), 0.0)
}
CHUNK = 50_000
PAGE = 1_000
PEOPLE = """
insert into raw.crm_contacts (contact_id, email, normalised_email, first_name, language, marketing_consent,
    tracking_consent, first_loaded_at, load_id)
select 'c' || n, 'c' || n || '@gmail.example', 'c' || n || '@gmail.example', 'First' || n, 'en', true, true,
    timestamp '1998-01-01', 1
from range($contacts) as numbers (n)
"""


def settings_for(data: Path, handle: SandboxHandle) -> Settings:
    settings = Settings.model_validate({"data": data})
    return settings.with_esp(url=handle.url, user=handle.user, token=handle.token)


def prepared(data: Path, handle: SandboxHandle, contacts: int):
    settings = settings_for(data, handle)
    settings = settings.model_copy(update={"push": settings.push.model_copy(update={"max_audience": 10**7})})
    with Warehouse(settings).write("bench") as connection:
        connection.execute(PEOPLE, {"contacts": contacts})
        connection.execute("insert into journal.origin (origin) values ('sample')")
        for statement in MARTS.split(";"):
            if statement.strip():
                connection.execute(statement, {"as_of": NIGHT} if "$as_of" in statement else None)
    plan(settings, NIGHT, now=NIGHT)
    return settings


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(contacts: int) -> dict[str, float]:
    """Seconds of the push up to the read-back, and in all; MB at the peak."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "sandbox", clock=NIGHT, rates=RATES) as handle,
    ):
        asked = json.dumps([folder, handle.url, handle.user, handle.token, contacts])
        subprocess.run([sys.executable, __file__, f"--prepare={asked}"], check=True)
        settings = settings_for(Path(folder) / "data", handle)
        with verbs.connected(settings) as esp:
            started = time.perf_counter()
            push(settings, esp, NIGHT, now=NIGHT)
            return {"seconds": time.perf_counter() - started, "mb": peak()}


def bare(contacts: int) -> dict[str, float]:
    """The same bytes by requests alone: list, imports, pages of the list, campaign, start, wait."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "sandbox", clock=NIGHT, rates=RATES) as handle,
    ):
        session = requests.Session()
        session.trust_env = False
        session.auth = (handle.user, handle.token)
        files = [_file(start, min(start + CHUNK, contacts)) for start in range(0, contacts, CHUNK)]
        started = time.perf_counter()
        made = session.post(f"{handle.url}/api/lists", json={"name": "b", "type": "private", "optin": "single"})
        list_id = made.json()["data"]["id"]
        params = json.dumps({"mode": "subscribe", "subscription_status": "confirmed", "delim": ",", "lists": [list_id],
                             "overwrite_userinfo": False, "overwrite_subscription_status": False})  # fmt: skip
        for content in files:
            upload = {"params": (None, params), "file": ("a.csv", content, "text/csv")}
            session.post(f"{handle.url}/api/import/subscribers", files=upload).raise_for_status()
            while session.get(f"{handle.url}/api/import/subscribers").json()["data"]["status"] != "finished":
                time.sleep(0.05)
        for page in range(1, -(-contacts // PAGE) + 1):
            query = {"list_id": list_id, "page": page, "per_page": PAGE, "order_by": "id", "order": "asc"}
            session.get(f"{handle.url}/api/subscribers", params=query).json()
        body = {"name": "b", "subject": "b", "lists": [list_id], "content_type": "html", "body": "b"}
        campaign = session.post(f"{handle.url}/api/campaigns", json=body).json()["data"]["id"]
        session.put(f"{handle.url}/api/campaigns/{campaign}/status", json={"status": "running"})
        while session.get(f"{handle.url}/api/campaigns/{campaign}").json()["data"]["status"] == "running":
            time.sleep(0.05)
        return {"seconds": time.perf_counter() - started, "mb": peak()}


def _file(start: int, end: int) -> bytes:
    rows = (
        f'c{n}@gmail.example,First{n},"{{""reveil"": {{""contact_id"": ""c{n}""}}}}"\r\n' for n in range(start, end)
    )
    return ("email,name,attributes\r\n" + "".join(rows)).encode()


def measured(what: str, contacts: int) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, "--measure", what, "--contacts", str(contacts)],
                          check=True, stdout=subprocess.PIPE, text=True)  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--contacts", type=int, default=200_000)
    parser.add_argument("--measure", choices=["ours", "bare"])
    parser.add_argument("--prepare", type=json.loads)
    options = parser.parse_args()
    if options.prepare:
        folder, url, user, token, contacts = options.prepare
        prepared(Path(folder) / "data", SandboxHandle(url, user, token, 0), contacts)
    elif options.measure:
        print(json.dumps({"ours": ours, "bare": bare}[options.measure](options.contacts)))
    else:
        empty = measured("ours", 1)
        floor = measured("bare", options.contacts)
        push_ = measured("ours", options.contacts)
        print(f"bare requests {floor['seconds']:.1f} s, push {push_['seconds']:.1f} s: "
              f"{push_['seconds'] / floor['seconds']:.2f} times (limit 1.5)")  # fmt: skip
        print(f"peak {push_['mb']:.0f} MB, of nobody {empty['mb']:.0f} MB: "
              f"{push_['mb'] - empty['mb']:.0f} MB above (limit 200)")  # fmt: skip


if __name__ == "__main__":
    main()
