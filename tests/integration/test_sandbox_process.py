"""The sandbox as a process: what survives it, who may reach it, and that it never outlives its parent."""

import os
import signal
import socket
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from sandbox_client import QUIET, Client

from reveil.errors import Refused
from reveil.sandbox import running

NIGHT = datetime(1998, 7, 1, 2)
_PATIENCE_SECONDS = 20


def kill(client: Client) -> None:
    """As a power cut ends it."""
    os.kill(client.handle.pid, signal.SIGKILL)


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    with running(tmp_path, clock=NIGHT, rates=QUIET) as handle:
        client = Client(handle)
        list_id = client.add_list("kept")
        client.add_contacts(list_id, ["kept@shop.example"])
        campaign = client.send([list_id], "kept")
        kill(client)
    with running(tmp_path) as handle:
        client = Client(handle)
        assert client.data("GET", f"/api/lists/{list_id}")["subscriber_count"] == 1
        assert client.data("GET", f"/api/campaigns/{campaign['id']}") == campaign
        assert client.sent_to("kept") == ["kept@shop.example"]
        assert client.data("GET", "/sandbox/clock")["now"] == "1998-07-01T02:00:00Z"
        assert client.data("GET", "/sandbox/rates")["shares"] == QUIET["shares"]
        assert client.data("GET", "/api/import/subscribers")["status"] == "none"


def test_a_campaign_killed_in_mid_send_goes_on_and_mails_nobody_twice(tmp_path: Path) -> None:
    addresses = [f"c{n}@shop.example" for n in range(3_000)]
    with running(tmp_path, clock=NIGHT) as handle:
        client = Client(handle)
        list_id = client.add_list()
        client.add_contacts(list_id, addresses)
        client.set(messages_per_tick=100, tick_seconds=0.02)
        campaign = client.add_campaign([list_id])["id"]
        client.set_status(campaign, "running")
        client.wait(f"/api/campaigns/{campaign}", lambda one: one["sent"] >= 500)
        kill(client)
    with running(tmp_path) as handle:
        client = Client(handle)
        finished = client.await_campaign(campaign)
        assert (finished["to_send"], finished["sent"]) == (3_000, 3_000)
        assert sorted(client.sent_to()) == sorted(addresses)


def test_an_import_killed_in_the_middle_keeps_what_it_had_committed(tmp_path: Path) -> None:
    rows = "".join(f"c{n}@shop.example\n" for n in range(10_500))
    with running(tmp_path, clock=NIGHT) as handle:
        client = Client(handle)
        list_id = client.add_list()
        client.set(hold_imports=True)  # the last commit waits
        client.start_import(f"email\n{rows}", lists=[list_id])
        client.wait("/api/import/subscribers", lambda status: status["imported"] == 10_000)
        kill(client)
    with running(tmp_path) as handle:
        client = Client(handle)
        assert client.data("GET", "/api/import/subscribers")["status"] == "none"
        assert client.data("GET", "/api/subscribers", params={"list_id": list_id})["total"] == 10_000


def test_credentials_are_made_once_per_folder_and_are_the_owners_alone(tmp_path: Path) -> None:
    with running(tmp_path / "a") as first, running(tmp_path / "b") as other:
        assert first.user == other.user == "pipeline"
        assert first.token != other.token
    file = tmp_path / "a" / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with running(tmp_path / "a") as again:
        assert again.token == first.token


def test_it_is_reached_from_this_machine_only(tmp_path: Path) -> None:
    with running(tmp_path) as handle:
        assert handle.url.startswith("http://127.0.0.1:")
        port = int(handle.url.rpartition(":")[2])
        with socket.socket() as other:
            other.settimeout(1)
            assert other.connect_ex(("127.0.0.2", port)) != 0


def test_a_folder_is_served_once(tmp_path: Path) -> None:
    with running(tmp_path), pytest.raises(Refused, match=r"sandbox\.log"), running(tmp_path):
        pass
    assert "another process serves this sandbox" in (tmp_path / "sandbox.log").read_text()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refused), running(tmp_path, port=port):
            pass
    assert f"port {port} cannot be used" in (tmp_path / "sandbox.log").read_text()


def test_the_given_clock_never_moves_it_back(tmp_path: Path) -> None:
    with running(tmp_path, clock=NIGHT) as handle:
        Client(handle).move_clock("1998-07-03T00:00:00Z")
    with running(tmp_path, clock=NIGHT) as handle:
        assert Client(handle).data("GET", "/sandbox/clock")["now"] == "1998-07-03T00:00:00Z"


def test_wrong_rates_stop_it_before_it_is_used(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Invalid rates"), running(tmp_path, rates={"shares": {"opened": 3}}):
        pass


def test_it_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from reveil.sandbox import running\n"
        "with running(Path(sys.argv[1])) as handle:\n"
        "    print(handle.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, check=False)
    assert parent.returncode == -signal.SIGKILL
    # the folder's lock is free as soon as the child is gone
    wait = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX)"
    subprocess.run([sys.executable, "-c", wait, str(tmp_path / "sandbox.lock")], check=True, timeout=_PATIENCE_SECONDS)


def test_it_leaves_no_process_behind(tmp_path: Path) -> None:
    with running(tmp_path) as handle:
        os.kill(handle.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(handle.pid, 0)
