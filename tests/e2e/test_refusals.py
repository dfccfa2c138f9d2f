"""What the command line refuses: with which exit code, in which words, and that nothing is half-done afterwards."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import company
import pytest
from click.testing import CliRunner, Result
from commands import Desk, good
from landing_files import Place
from pushing import NIGHT, decide, make_warehouse, query
from sandboxes import control, sent

from reveil.cli import main
from reveil.errors import Refused
from reveil.push import plan
from reveil.sandbox import SandboxHandle
from reveil.settings import Settings
from reveil.warehouse import Warehouse

CONTACTS = 6
_PATIENCE_SECONDS = 60


@pytest.fixture
def desk(tmp_path: Path, handle: SandboxHandle) -> Desk:
    """A sample warehouse of a few contacts with the marts of NIGHT, and the sandbox."""
    desk = Desk(tmp_path, handle, changes={"esp": {"attempts": 2, "poll_seconds": 0.01}, "lock_wait_seconds": 20})
    make_warehouse(desk.settings, CONTACTS)
    return desk


def give(desk: Desk, *words: str) -> Result:
    """`reveil WORDS` in this process: Great Expectations is then imported once for all of them."""
    return CliRunner().invoke(main, words, env=desk.environment)


def push(desk: Desk, as_of: datetime = NIGHT) -> Result:
    return give(desk, "push", "--as-of", as_of.isoformat())


def journal(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """What the pipeline remembers of what left."""
    tables = ("batches", "batch_contacts", "batch_events", "runs", "esp_suppressions")
    return {table: list(query(settings, f"select * from journal.{table} order by all")) for table in tables}


def nothing_left(desk: Desk, handle: SandboxHandle) -> bool:
    lists = control(handle, "GET", "/api/lists", per_page="all")["results"]
    campaigns = control(handle, "GET", "/api/campaigns", per_page="all")["results"]
    ours = [one for one in [*lists, *campaigns] if one["name"].startswith("winback")]
    return sent(handle) == [] and ours == [] and not any(journal(desk.settings).values())


def as_if(desk: Desk, **changes: Any) -> Desk:
    """The same desk with another ESP or provider."""
    return Desk(
        **{"folder": desk.folder, "esp": desk.esp, "provider": desk.provider, "changes": desk.changes, **changes}
    )


def tonight() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


# the ESP


def test_an_esp_that_is_down_is_named_and_nothing_is_lost(desk: Desk, handle: SandboxHandle) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        nowhere = SandboxHandle(f"http://127.0.0.1:{taken.getsockname()[1]}", handle.user, handle.token, 0)
        for words in (["push", "--as-of", "1998-07-01"], ["gather", "--as-of", "1998-07-01"]):
            refused = give(as_if(desk, esp=nowhere), *words)
            assert refused.exit_code == 1
            assert "nothing answers there" in refused.stderr
            assert nowhere.url in refused.stderr
    assert nothing_left(desk, handle)
    assert push(desk).exit_code == 0
    assert len(sent(handle)) == CONTACTS


def test_wrong_credentials_are_an_error_of_the_settings_and_say_where(desk: Desk, handle: SandboxHandle) -> None:
    wrong = SandboxHandle(handle.url, handle.user, "no-such-token", 0)
    for words in (["push", "--as-of", "1998-07-01"], ["gather", "--as-of", "1998-07-01"]):
        refused = give(as_if(desk, esp=wrong), *words)
        assert refused.exit_code == 2
        assert "wrong or missing credentials" in refused.stderr
        assert "REVEIL_ESP_TOKEN" in refused.stderr
        assert "no-such-token" not in refused.output
    assert nothing_left(desk, handle)


def test_wrong_credentials_show_on_the_very_first_night_before_anything_is_loaded(
    tmp_path: Path, handle: SandboxHandle
) -> None:
    wrong = SandboxHandle(handle.url, handle.user, "no-such-token", 0)
    desk = Desk(tmp_path / "new", wrong, provider="listmonk")
    company.export(desk.settings.landing)
    refused = give(desk, "nightly")
    assert refused.exit_code == 2
    assert "wrong or missing credentials" in refused.stderr
    assert not desk.settings.warehouse.exists()


def test_without_an_address_a_real_provider_is_refused(desk: Desk) -> None:
    refused = give(as_if(desk, esp=None, provider="listmonk"), "gather")
    assert refused.exit_code == 2
    assert "REVEIL_ESP_URL" in refused.stderr


@pytest.fixture
def real_one() -> Iterator[tuple[SandboxHandle, list[str]]]:
    """A server that looks like a real listmonk, which knows nothing of a sandbox; and what it was asked."""
    asked: list[str] = []

    class Listmonk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            known = self.path.startswith("/api/")
            body = json.dumps({"data": {"results": []}} if known else {"message": "404 unknown endpoint"}).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - names that the base class looks up

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Listmonk) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield SandboxHandle(f"http://127.0.0.1:{server.server_port}", "pipeline", "word", 0), asked
        server.shutdown()
        thread.join()


def test_the_word_sandbox_is_not_taken_on_trust(
    desk: Desk, handle: SandboxHandle, real_one: tuple[SandboxHandle, list[str]]
) -> None:
    """It lifts every guard, so a real server under that name would be mailed whatever the settings say."""
    server, asked = real_one
    refused = push(as_if(desk, esp=server))
    assert refused.exit_code == 2
    assert "a real one answers" in refused.stderr
    assert asked == ["GET /sandbox/clock"]
    assert nothing_left(desk, handle)


# the night


@pytest.mark.parametrize("verb", ["push", "erase", "nightly"])
def test_far_from_the_clock_a_real_provider_gets_nothing(desk: Desk, handle: SandboxHandle, verb: str) -> None:
    allowed = {**desk.changes, "side_effects": "send_and_erase"}
    refused = give(as_if(desk, provider="listmonk", changes=allowed), verb, "--as-of", "1998-07-01")
    assert refused.exit_code == 2
    assert "36 hours from the clock" in refused.stderr
    assert nothing_left(desk, handle)


def test_marts_of_another_night_are_not_pushed(desk: Desk, handle: SandboxHandle) -> None:
    for other in (NIGHT + timedelta(days=1), NIGHT - timedelta(days=1)):
        refused = push(desk, other)
        assert refused.exit_code == 2
        assert "the marts are of 1998-07-01 00:00" in refused.stderr
    assert nothing_left(desk, handle)


def test_a_warehouse_without_marts_says_what_to_run(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    company.export(desk.settings.landing)
    assert give(desk, "load").exit_code == 0
    refused = push(desk)
    assert refused.exit_code == 2
    assert "reveil build" in refused.stderr


# the sources


def test_a_stale_source_of_a_company_stops_before_anything_leaves(tmp_path: Path, handle: SandboxHandle) -> None:
    desk = Desk(tmp_path, handle)
    company.export(desk.settings.landing)
    assert give(desk, "load", "--as-of", company.NIGHT.isoformat()).exit_code == 0
    later = company.NIGHT + timedelta(days=10)
    decide(desk.settings, later)
    refused = push(desk, later)
    assert refused.exit_code == 1
    assert "crm_contacts is stale (11.0 days old, at most 7)" in refused.stderr
    assert "crm_orders is stale" in refused.stderr
    assert "source_freshness.csv" in refused.stderr
    assert nothing_left(desk, handle)
    decide(desk.settings, company.NIGHT)
    assert push(desk, company.NIGHT).exit_code == 0
    assert len(sent(handle)) == company.CONTACTS


def test_a_shrunken_source_stops_the_plan(tmp_path: Path) -> None:
    """Whoever is missing from the export may have objected: nobody knows."""
    place = Place(tmp_path, "tables: {crm_contacts: {mode: full}}")
    head = "contact_id,email,language,marketing_consent,updated_at\n"
    lines = [f"c{n},c{n}@mail.example,en,true,2026-11-19\n" for n in range(20)]
    place.put("crm_contacts/1.csv", head + "".join(lines))
    place.load()
    night = datetime(2026, 11, 20, 3)
    decide(place.settings, night)
    assert plan(place.settings, night, now=night).figures["planned"] == len(lines)
    place.put("crm_contacts/2.csv", head + "".join(lines[:10]))
    place.load()
    with pytest.raises(Refused, match="crm_contacts is shrunken"):
        plan(place.settings, night, now=night)


# the checks


def test_a_failed_check_of_the_audience_stops_the_push(desk: Desk, handle: SandboxHandle) -> None:
    """Two contacts of one mailbox, decided by a model gone wrong."""
    with Warehouse(desk.settings).write("test") as connection:
        connection.execute("update marts.contacts set mailbox_id = 'mc001' where contact_id = 'c002'")
    refused = push(desk)
    assert refused.exit_code == 1
    assert "audience/mailbox_id_unique (2 rows)" in refused.stderr
    assert "data_docs" in refused.stderr
    assert "c002" not in refused.output
    assert nothing_left(desk, handle)
    page = desk.settings.data_docs / "1998-07-01T000000" / "audience.html"
    assert "failed: 2 rows" in page.read_text(encoding="utf-8")


# permission


def test_without_permission_a_real_provider_gets_nothing_and_the_plan_is_printed(
    desk: Desk, handle: SandboxHandle
) -> None:
    night = tonight()
    decide(desk.settings, night)
    before = journal(desk.settings)
    printed = push(as_if(desk, provider="listmonk"), night)
    assert printed.exit_code == 0, printed.stderr
    assert "winback/we_miss_you (en): 4 contacts would be mailed" in printed.stdout
    assert "winback/we_miss_you (fr): 2 contacts would be mailed" in printed.stdout
    assert "side_effects is none" in printed.stdout
    assert journal(desk.settings) == before
    assert nothing_left(desk, handle)


def test_with_permission_the_same_push_leaves(desk: Desk, handle: SandboxHandle) -> None:
    night = tonight()
    decide(desk.settings, night)
    allowed = as_if(desk, provider="listmonk", changes={**desk.changes, "side_effects": "send"})
    assert push(allowed, night).exit_code == 0
    assert len(sent(handle)) == CONTACTS


def test_pause_refuses_the_push_with_its_reason(desk: Desk, handle: SandboxHandle) -> None:
    assert give(desk, "pause", "--why", "complaints at orange").exit_code == 0
    refused = push(desk)
    assert refused.exit_code == 1
    assert "complaints at orange" in refused.stderr
    assert "reveil resume" in refused.stderr
    assert nothing_left(desk, handle)


def test_pause_stops_a_running_push_before_its_campaign_starts_and_resume_lets_it_go_on(
    desk: Desk, handle: SandboxHandle
) -> None:
    control(handle, "PUT", "/sandbox/options", {"hold_imports": True})
    running_push = desk.start("push", "--as-of", "1998-07-01")
    wait_for(lambda: control(handle, "GET", "/api/import/subscribers")["status"] == "importing")
    good(desk.run("pause", "--why", "wait a moment"))
    control(handle, "PUT", "/sandbox/options", {"hold_imports": False})
    _, stderr = running_push.communicate(timeout=_PATIENCE_SECONDS)
    assert running_push.returncode == 1
    assert "wait a moment" in stderr
    assert sent(handle) == []
    campaigns = control(handle, "GET", "/api/campaigns", per_page="all")["results"]
    assert [one["status"] for one in campaigns] == ["draft"]

    assert give(desk, "resume").exit_code == 0
    assert push(desk).exit_code == 0
    assert sorted(row["email"] for row in sent(handle)) == [f"c{n:03}@gmail.example" for n in range(CONTACTS)]


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)


# sample data


def test_sample_data_is_only_for_a_warehouse_that_does_not_exist(desk: Desk) -> None:
    refused = give(desk, "sample", "cdnow")
    assert refused.exit_code == 2
    assert "only written for a new one" in refused.stderr
    assert not desk.settings.landing.exists()


def test_a_nightly_run_of_a_company_gets_no_sample(tmp_path: Path) -> None:
    """`make nightly` always asks for the sample; files of one's own in the landing folder are the answer."""
    desk = Desk(tmp_path)
    desk.settings.landing.mkdir(parents=True)
    (desk.settings.landing / "crm_contacts.csv").write_text("contact_id,first_name\n1,Ada\n")
    refused = give(desk, "nightly", "--sample", "cdnow", "--as-of", "2025-03-10")
    assert refused.exit_code == 2
    assert "`email` is missing" in refused.stderr
    assert [file.name for file in desk.settings.landing.iterdir()] == ["crm_contacts.csv"]
    assert not desk.settings.warehouse.exists()


def test_a_real_provider_never_gets_a_sample(tmp_path: Path, handle: SandboxHandle) -> None:
    desk = Desk(tmp_path / "real", handle, provider="listmonk")
    refused = give(desk, "nightly", "--sample", "cdnow")
    assert refused.exit_code == 2
    assert not desk.settings.warehouse.exists()
    assert not desk.settings.landing.exists()
    assert sent(handle) == []
