"""Subscribers: pages, filters, changes, and what is left of them after a deletion."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_client import QUIET, Client

from reveil.sandbox import running

NIGHT = "1998-07-01T02:00:00Z"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(tmp_path_factory.mktemp("subscribers") / "sandbox", rates=QUIET) as handle:
        client = Client(handle)
        client.move_clock(NIGHT)
        yield client


def found(client: Client, **params: Any) -> dict[str, Any]:
    return dict(client.data("GET", "/api/subscribers", params=params))


def emails(client: Client, **params: Any) -> list[str]:
    return [row["email"] for row in found(client, **params)["results"]]


def test_credentials_come_in_two_forms_and_nothing_else_opens(client: Client) -> None:
    handle = client.handle
    token = {"Authorization": f"token {handle.user}:{handle.token}"}
    assert client.anonymous("GET", "/api/lists", headers=token).status_code == 200
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}, {"Authorization": "token x"}):
        for path in ("/api/lists", "/api/nope", "/sandbox/clock", "/webhooks/bounce"):
            assert client.anonymous("GET", path, headers=headers).status_code == 403
    assert client.anonymous("GET", "/api/health").json() == {"data": True}


def test_pages_hold_everybody_once_in_order(client: Client) -> None:
    list_id = client.add_list()
    client.add_contacts(list_id, [f"page{n}@shop.example" for n in range(25)])
    pages = [found(client, list_id=list_id, page=n, per_page=10, order_by="id", order="asc") for n in (1, 2, 3, 4)]
    assert [len(page["results"]) for page in pages] == [10, 10, 5, 0]
    assert {page["total"] for page in pages} == {25}
    rows = [row["id"] for page in pages for row in page["results"]]
    assert rows == sorted(set(rows))
    everybody = found(client, list_id=list_id, per_page="all", order="asc")
    assert [row["id"] for row in everybody["results"]] == rows
    assert everybody["per_page"] == 0


def test_newest_first_and_twenty_unless_asked_otherwise(client: Client) -> None:
    list_id = client.add_list()
    client.add_contacts(list_id, [f"default{n}@shop.example" for n in range(21)])
    page = found(client, list_id=list_id)
    assert (page["page"], page["per_page"], page["total"], len(page["results"])) == (1, 20, 21, 20)
    assert page["results"][0]["email"] == "default20@shop.example"


def test_a_subscriber_shows_all_lists_whatever_list_was_asked_for(client: Client) -> None:
    first, second = client.add_list("first"), client.add_list("second")
    for list_id in (first, second):
        client.add_contacts(list_id, ["both@shop.example"])
    (row,) = found(client, list_id=second)["results"]
    assert [one["id"] for one in row["lists"]] == [first, second]
    assert found(client, list_id=[first, second])["total"] == 1


def test_search_is_a_pattern_over_address_and_name(client: Client) -> None:
    client.import_csv("email,name\nsearch.me+x@shop.example,Zoe Z\nsearchxme@shop.example,Yan\n")
    assert emails(client, search="search.me") == ["searchxme@shop.example", "search.me+x@shop.example"]
    assert emails(client, search="ZOE Z") == ["search.me+x@shop.example"]
    # the plus sign is an operator of the pattern, so this address is not found by itself
    assert emails(client, search="search.me+x@shop.example") == []
    assert emails(client, search=r"search\.me\+x@") == ["search.me+x@shop.example"]
    assert client.refusal("GET", "/api/subscribers", params={"search": "("})[0] == 400


def test_conditions_on_subscriptions_need_a_list(client: Client) -> None:
    list_id = client.add_list()
    client.add_contacts(list_id, ["cond@shop.example"])
    query = "subscriber_lists.status='confirmed'"
    assert emails(client, list_id=list_id, query=query) == ["cond@shop.example"]
    assert emails(client, query=query) == []


def test_who_lacks_an_attribute_is_found(client: Client) -> None:
    for number, attribs in enumerate(({}, {"reveil": {}}, {"reveil": {"contact_id": "1"}})):
        client.data("POST", "/api/subscribers", json={"email": f"lack{number}@shop.example", "attribs": attribs})
    query = "subscribers.attribs->'reveil'->>'contact_id' IS NULL"
    found = emails(client, query=query, search="lack")
    assert sorted(found) == ["lack0@shop.example", "lack1@shop.example"]
    assert client.refusal("GET", "/api/subscribers", params={"query": f"{query} 1"})[0] == 400


def test_incremental_reading_by_updated_at(client: Client) -> None:
    client.import_csv("email\nincr@shop.example\n")
    query = f"subscribers.updated_at >= '{NIGHT}' AND subscribers.email='incr@shop.example'"
    assert emails(client, query=query) == ["incr@shop.example"]
    assert emails(client, query=query.replace(">=", ">")) == []


def test_put_replaces_and_patch_merges(client: Client) -> None:
    first, second = client.add_list(), client.add_list()
    body = {"email": "Change@shop.example", "attribs": {"a": 1}, "lists": [first]}
    made = client.data("POST", "/api/subscribers", json=body)
    assert (made["email"], made["name"], made["status"]) == ("change@shop.example", "Change", "enabled")
    assert made["lists"][0]["subscription_status"] == "unconfirmed"
    path = f"/api/subscribers/{made['id']}"
    patched = client.data("PATCH", path, json={"attribs": {"b": 2}})
    assert patched["attribs"] == {"a": 1, "b": 2}
    assert [one["id"] for one in patched["lists"]] == [first]
    body = {"email": "change@shop.example", "attribs": {"c": 3}, "lists": [second]}
    replaced = client.data("PUT", path, json=body)
    assert replaced["attribs"] == {"c": 3}
    assert [one["id"] for one in replaced["lists"]] == [second]


def test_an_address_is_there_once(client: Client) -> None:
    client.data("POST", "/api/subscribers", json={"email": "unique@shop.example"})
    other = client.data("POST", "/api/subscribers", json={"email": "other-unique@shop.example"})
    assert client.refusal("POST", "/api/subscribers", json={"email": "Unique@shop.example"})[0] == 409
    path = f"/api/subscribers/{other['id']}"
    assert client.refusal("PATCH", path, json={"email": "unique@shop.example"})[0] == 409
    assert client.refusal("POST", "/api/subscribers", json={"email": "none"}) == (400, "Invalid email.")


def test_lists_are_joined_left_and_forgotten(client: Client) -> None:
    list_id = client.add_list()
    who = client.data("POST", "/api/subscribers", json={"email": "moves@shop.example"})["id"]

    def manage(action: str, **more: Any) -> dict[str, Any]:
        body = {"ids": [who], "action": action, "target_list_ids": [list_id], **more}
        client.data("PUT", "/api/subscribers/lists", json=body)
        return {one["id"]: one["subscription_status"] for one in client.subscriber("moves@shop.example")["lists"]}

    assert manage("add") == {list_id: "unconfirmed"}
    assert manage("add", status="confirmed") == {list_id: "confirmed"}
    assert manage("unsubscribe") == {list_id: "unsubscribed"}
    assert manage("add") == {list_id: "unsubscribed"}
    assert manage("remove") == {}
    body = {"ids": [who], "action": "dance", "target_list_ids": [list_id]}
    assert client.refusal("PUT", "/api/subscribers/lists", json=body) == (400, "Invalid action.")
    assert client.refusal("PUT", "/api/subscribers/lists", json={**body, "ids": []})[0] == 400


def test_a_deletion_can_be_repeated_and_reading_what_is_gone_is_refused(client: Client) -> None:
    who = client.data("POST", "/api/subscribers", json={"email": "deleted@shop.example"})["id"]
    for _ in range(2):
        assert client.data("DELETE", f"/api/subscribers/{who}") is True
    assert client.refusal("GET", f"/api/subscribers/{who}") == (400, f"Subscriber ({who}: ) not found")
    assert client.refusal("GET", f"/api/subscribers/{who}/export")[0] == 500
    assert emails(client, search="deleted@shop.example") == []


def test_an_id_is_never_given_again(client: Client) -> None:
    first = client.data("POST", "/api/subscribers", json={"email": "again@shop.example"})["id"]
    client.data("DELETE", f"/api/subscribers/{first}")
    assert client.data("POST", "/api/subscribers", json={"email": "again@shop.example"})["id"] > first


@pytest.mark.parametrize("way", ["ids", "query"])
def test_no_file_of_the_sandbox_holds_the_address_of_who_was_deleted(tmp_path: Path, way: str) -> None:
    with running(tmp_path, rates=QUIET) as handle:
        client = Client(handle)
        list_id = client.add_list()
        client.add_contacts(list_id, ["gone@shop.example", "stays@shop.example"])
        client.send([list_id])
        assert holding(tmp_path, b"gone@shop.example")
        assert holding(tmp_path, b"stays@shop.example")
        if way == "ids":
            client.data("DELETE", "/api/subscribers", params={"id": client.subscriber("gone@shop.example")["id"]})
        else:
            query = "subscribers.email = 'gone@shop.example'"
            client.data("POST", "/api/subscribers/query/delete", json={"query": query})
        assert holding(tmp_path, b"gone@shop.example") == []
        assert holding(tmp_path, b"stays@shop.example")


def holding(folder: Path, content: bytes) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if content in file.read_bytes())


def test_a_query_without_a_condition_deletes_nobody(client: Client) -> None:
    before = found(client)["total"]
    assert client.refusal("POST", "/api/subscribers/query/delete", json={"query": "", "list_ids": []})[0] == 400
    assert client.refusal("POST", "/api/subscribers/query/delete", json={"query": "1=1"})[0] == 400
    assert found(client)["total"] == before


@pytest.mark.parametrize("wrong", ["0", "abc", "99999999999", "-1", "²"])
def test_what_is_no_id_is_refused(client: Client, wrong: str) -> None:
    assert client.refusal("GET", f"/api/subscribers/{wrong}") == (400, "Invalid ID")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"ids":["1"]}', b'{"ids":[1.5]}', b'{"ids":"1"}'])
def test_a_body_that_is_not_understood_is_refused(client: Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert client.refusal("PUT", "/api/subscribers/blocklist", data=body, headers=headers)[0] == 400


def test_lists_of_one_name_are_two_lists(client: Client) -> None:
    ids = {client.add_list("twice"), client.add_list("twice")}
    results = client.data("GET", "/api/lists", params={"query": "twice", "per_page": "all"})["results"]
    assert {row["id"] for row in results} == ids


def test_a_deleted_list_leaves_its_subscribers(client: Client) -> None:
    list_id = client.add_list()
    client.add_contacts(list_id, ["stays@shop.example"])
    for _ in range(2):
        assert client.data("DELETE", f"/api/lists/{list_id}") is True
    assert client.subscriber("stays@shop.example")["lists"] == []
    assert client.refusal("GET", f"/api/lists/{list_id}") == (400, "List not found")


def test_a_page_of_ten_thousand_is_one_answer(client: Client) -> None:
    list_id = client.add_list()
    client.add_contacts(list_id, [f"big{n}@shop.example" for n in range(10_000)])
    page = found(client, list_id=list_id, per_page=10_000, order_by="id", order="asc")
    assert len({row["id"] for row in page["results"]}) == page["total"] == 10_000


def test_signs_of_html_are_escaped_as_the_server_escapes_them(client: Client) -> None:
    body = {"email": "html@shop.example", "name": "<b>É & co</b>"}
    text = client.call("POST", "/api/subscribers", json=body).text
    assert "\\u003cb\\u003eÉ \\u0026 co\\u003c/b\\u003e" in text
    assert client.subscriber("html@shop.example")["name"] == "<b>É & co</b>"
