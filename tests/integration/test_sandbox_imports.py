"""The import of subscribers and its oddities."""

import io
import zipfile
from collections.abc import Iterator

import pytest
from sandbox_client import QUIET, Client

from reveil.sandbox import running


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(tmp_path_factory.mktemp("imports") / "sandbox", rates=QUIET) as handle:
        client = Client(handle)
        client.move_clock("1998-07-01T02:00:00Z")
        yield client


def statuses(client: Client, list_id: int) -> dict[str, int]:
    return dict(client.data("GET", f"/api/lists/{list_id}")["subscriber_statuses"])


def test_one_import_at_a_time(client: Client) -> None:
    client.set(hold_imports=True)
    try:
        first = client.start_import("email\nheld@shop.example\n", lists=[client.add_list()])
        assert first.json()["data"] == {"name": "subs.csv", "total": 0, "imported": 0, "status": "importing"}
        second = client.start_import("email\nother@shop.example\n")
        assert second.status_code == 400
        assert second.json()["message"].startswith("An import is already running.")
    finally:
        client.set(hold_imports=False)
    assert client.await_import()["status"] == "finished"
    assert client.start_import("email\nother@shop.example\n").status_code == 200
    client.await_import()


def test_a_finished_import_can_be_forgotten(client: Client) -> None:
    client.import_csv("email\na@shop.example\n")
    none = {"name": "", "total": 0, "imported": 0, "status": "none"}
    assert client.data("DELETE", "/api/import/subscribers") == none
    assert client.data("GET", "/api/import/subscribers") == none


def test_a_running_import_can_be_stopped(client: Client) -> None:
    client.set(hold_imports=True)
    client.start_import("email\nstopped@shop.example\n")
    assert client.data("DELETE", "/api/import/subscribers")["status"] == "stopping"
    client.set(hold_imports=False)
    assert client.await_import()["status"] == "finished"


def test_rows_count_and_addresses_collapse_whatever_their_case(client: Client) -> None:
    list_id = client.add_list()
    csv = "email,name\nTwice@Shop.Example,First\nonce@shop.example,Once\ntwice@shop.example,Last\n"
    assert client.import_csv(csv, lists=[list_id])["imported"] == 3
    assert statuses(client, list_id) == {"confirmed": 2}
    assert client.subscriber("twice@shop.example")["name"] == "Last"


def test_a_bad_address_is_skipped_and_only_the_log_says_so(client: Client) -> None:
    status = client.import_csv('email,name\nok@shop.example,Ok\nnot-one,Bad\n"a\nb@shop.example",Break\n')
    assert (status["status"], status["imported"]) == ("finished", 1)
    log = client.data("GET", "/api/import/subscribers/logs")
    assert "skipping line 2: Invalid email.: [not-one Bad]" in log
    assert log.startswith("1998/07/01 02:00:00.000000 importer.go:193: processing 'subs.csv'")


def test_bad_attributes_still_import_the_row(client: Client) -> None:
    csv = 'email,attributes\nbad-json@shop.example,{nope\nno-object@shop.example,3\nnan@shop.example,"{""a"":NaN}"\n'
    assert client.import_csv(csv)["imported"] == 3
    assert client.subscriber("bad-json@shop.example")["attribs"] == {}
    assert client.subscriber("no-object@shop.example")["attribs"] == {}
    assert client.subscriber("nan@shop.example")["attribs"] == {}


def test_attributes_are_replaced_not_merged(client: Client) -> None:
    client.import_csv('email,attributes\nattr@shop.example,"{""a"":1,""b"":2}"\n')
    client.import_csv('email,attributes\nattr@shop.example,"{""b"":3}"\n', overwrite_userinfo=True)
    assert client.subscriber("attr@shop.example")["attribs"] == {"b": 3}
    client.import_csv("email\nattr@shop.example\n", overwrite_userinfo=True)
    assert client.subscriber("attr@shop.example")["attribs"] == {}


def test_without_overwrite_userinfo_name_and_attributes_stay(client: Client) -> None:
    client.import_csv('email,name,attributes\nkept@shop.example,Jane,"{""a"":1}"\n')
    client.import_csv("email,name\nkept@shop.example,Other\n")
    kept = client.subscriber("kept@shop.example")
    assert (kept["name"], kept["attribs"]) == ("Jane", {"a": 1})


def test_without_a_name_the_address_gives_one(client: Client) -> None:
    client.import_csv("email\njane.doe@shop.example\n")
    assert client.subscriber("jane.doe@shop.example")["name"] == "Jane Doe"


def test_who_has_left_a_list_stays_off_it(client: Client) -> None:
    list_id = client.add_list()
    client.add_contacts(list_id, ["left@shop.example"])
    who = client.subscriber("left@shop.example")["id"]
    body = {"ids": [who], "action": "unsubscribe", "target_list_ids": [list_id]}
    client.data("PUT", "/api/subscribers/lists", json=body)
    client.import_csv("email\nleft@shop.example\n", lists=[list_id], overwrite_subscription_status=False)
    assert statuses(client, list_id) == {"unsubscribed": 1}
    client.import_csv("email\nleft@shop.example\n", lists=[list_id], overwrite_subscription_status=True)
    assert statuses(client, list_id) == {"confirmed": 1}


def test_a_blocklisted_contact_stays_blocklisted_and_joins_as_unsubscribed(client: Client) -> None:
    client.import_csv("email\nblocked@shop.example\n", mode="blocklist")
    list_id = client.add_list()
    client.import_csv("email\nblocked@shop.example\n", lists=[list_id], overwrite_subscription_status=True)
    assert client.subscriber("blocked@shop.example")["status"] == "blocklisted"
    assert statuses(client, list_id) == {"unsubscribed": 1}


def test_a_blocklist_import_ends_subscriptions(client: Client) -> None:
    list_id = client.add_list()
    client.add_contacts(list_id, ["goes@shop.example"])
    client.import_csv("email\ngoes@shop.example\n", mode="blocklist")
    assert statuses(client, list_id) == {"unsubscribed": 1}


@pytest.mark.parametrize("content", [b"", b"mail\na@shop.example\n", b'email\n"open@shop.example\n', b"\xff\xfe\x00"])
def test_an_unusable_file_is_answered_with_200_and_fails_later(client: Client, content: bytes) -> None:
    response = client.start_import(content)
    assert response.status_code == 200
    assert client.await_import()["status"] == "failed"


def test_a_short_row_is_skipped(client: Client) -> None:
    status = client.import_csv("name,email\nOnly A Name\nJo,jo@shop.example\n")
    assert status["imported"] == 1
    assert "skipping line 1. column count (1)" in client.data("GET", "/api/import/subscribers/logs")


def test_headers_may_be_in_any_case_and_begin_with_a_byte_order_mark(client: Client) -> None:
    status = client.import_csv("﻿Email,Name,Unknown\nbom@shop.example,Bom,x\n".encode())
    assert status["imported"] == 1
    assert client.subscriber("bom@shop.example")["name"] == "Bom"


def test_a_zip_brings_its_csv(client: Client) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("contacts.csv", "email\nzipped@shop.example\n")
    client.start_import(buffer.getvalue(), name="contacts.zip")
    assert client.await_import()["imported"] == 1
    assert client.start_import(b"no zip", name="contacts.zip").status_code == 500


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"mode": "upsert"}, "Invalid mode"),
        ({"subscription_status": "maybe"}, "Invalid subscription status"),
        ({"delim": ";;"}, "`delim` should be a single character"),
    ],
)
def test_wrong_parameters_are_refused(client: Client, params: dict[str, str], message: str) -> None:
    response = client.start_import("email\n", **params)
    assert (response.status_code, response.json()["message"]) == (400, message)


def test_more_than_one_commit_is_imported_whole(client: Client) -> None:
    list_id = client.add_list()
    rows = "".join(f"many{n}@shop.example\n" for n in range(25_000))
    status = client.import_csv(f"email\n{rows}", lists=[list_id])
    assert (status["total"], status["imported"]) == (25_000, 25_000)
    assert statuses(client, list_id) == {"confirmed": 25_000}
