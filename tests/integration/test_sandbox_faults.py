"""Faults on demand, as a client sees them."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from sandbox_client import QUIET, Client

from reveil.sandbox import running


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(tmp_path_factory.mktemp("faults") / "sandbox", rates=QUIET) as handle:
        yield Client(handle)


@pytest.fixture
def client(sandbox: Client) -> Iterator[Client]:
    yield sandbox
    sandbox.data("PUT", "/sandbox/faults", json=[])


def fault(client: Client, kind: str, match: str = "POST /api/lists", **more: Any) -> None:
    client.data("PUT", "/sandbox/faults", json={"match": match, "kind": kind, **more})


def lists(client: Client, name: str) -> int:
    rows = client.data("GET", "/api/lists", params={"per_page": "all"})["results"]
    return sum(row["name"] == name for row in rows)


def create(client: Client, name: str) -> requests.Response:
    return client.call("POST", "/api/lists", json={"name": name})


def test_a_500_before_has_done_nothing(client: Client) -> None:
    fault(client, "500_before")
    assert create(client, "before").status_code == 500
    assert lists(client, "before") == 0


def test_a_500_after_has_done_it(client: Client) -> None:
    fault(client, "500_after")
    assert create(client, "after").status_code == 500
    assert lists(client, "after") == 1


def test_a_fault_strikes_as_often_as_asked_and_no_more(client: Client) -> None:
    fault(client, "500_before", times=2)
    assert [create(client, "times").status_code for _ in range(3)] == [500, 500, 200]
    assert client.data("GET", "/sandbox/faults") == []


def test_429_may_tell_when_to_come_back(client: Client) -> None:
    fault(client, "429", retry_after=7)
    response = create(client, "slow")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    fault(client, "429")
    response = create(client, "slow")
    assert response.status_code == 429
    assert "Retry-After" not in response.headers
    assert lists(client, "slow") == 0


def test_403_looks_like_wrong_credentials(client: Client) -> None:
    fault(client, "403")
    assert create(client, "denied").json() == {"message": "invalid API credentials"}
    assert lists(client, "denied") == 0


def test_a_cut_body_breaks_off_after_it_is_done(client: Client) -> None:
    fault(client, "cut_body")
    with pytest.raises(requests.exceptions.RequestException):
        create(client, "cut").json()
    assert lists(client, "cut") == 1


@pytest.mark.parametrize(("kind", "done"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_timeout_never_answers(client: Client, kind: str, done: int) -> None:
    fault(client, kind)
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.call("POST", "/api/lists", json={"name": kind}, timeout=0.3)
    assert lists(client, kind) == done


def test_only_what_matches_is_hit(client: Client) -> None:
    fault(client, "500_before", match="PUT /api/campaigns/*/status")
    assert create(client, "spared").status_code == 200
    assert client.set_status(1, "running").status_code == 500


def test_counts_of_lists_may_be_stale_while_totals_are_right(client: Client) -> None:
    list_id = client.add_list("stale")
    client.add_contacts(list_id, ["a@shop.example"])
    fault(client, "stale_counts", match=f"GET /api/lists/{list_id}")
    assert client.data("GET", f"/api/lists/{list_id}")["subscriber_count"] == 0
    assert client.data("GET", f"/api/lists/{list_id}")["subscriber_count"] == 1
    assert client.data("GET", "/api/subscribers", params={"list_id": list_id})["total"] == 1


def test_a_lost_import_is_taken_and_forgotten(client: Client) -> None:
    list_id = client.add_list("lost")
    fault(client, "lost_import", match="POST /api/import/subscribers")
    params = f'{{"mode": "subscribe", "delim": ",", "lists": [{list_id}]}}'
    files = {"params": (None, params), "file": ("a.csv", b"email,name\na@shop.example,A\n", "text/csv")}
    assert client.call("POST", "/api/import/subscribers", files=files).status_code == 200
    assert client.data("GET", "/api/import/subscribers")["status"] == "none"
    assert client.data("GET", "/api/subscribers", params={"list_id": list_id})["total"] == 0


@pytest.mark.parametrize(
    "wrong", [{"match": "*"}, {"match": "*", "kind": "flood"}, {"match": "*", "kind": "429", "times": 0}, [1]]
)
def test_a_fault_that_is_not_understood_is_refused(client: Client, wrong: Any) -> None:
    assert client.refusal("PUT", "/sandbox/faults", json=wrong)[0] == 400
