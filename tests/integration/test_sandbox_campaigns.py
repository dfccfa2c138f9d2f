"""Campaigns: from draft to finished, and who is sent to."""

from collections.abc import Iterator

import pytest
from sandbox_client import QUIET, Client

from reveil.sandbox import running


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(tmp_path_factory.mktemp("campaigns") / "sandbox", rates=QUIET) as handle:
        client = Client(handle)
        client.move_clock("1998-07-01T02:00:00Z")
        yield client


@pytest.fixture
def client(sandbox: Client) -> Iterator[Client]:
    yield sandbox
    sandbox.set(messages_per_tick=None, skip_messages=0)


def audience(client: Client, tag: str, count: int = 3) -> tuple[int, list[str]]:
    """A list of so many contacts."""
    list_id = client.add_list(tag)
    addresses = [f"{tag}{n}@shop.example" for n in range(count)]
    client.add_contacts(list_id, addresses)
    return list_id, addresses


def test_everybody_on_the_lists_is_sent_to_once(client: Client) -> None:
    first, some = audience(client, "once-a")
    second, others = audience(client, "once-b")
    client.add_contacts(second, some[:1])
    campaign = client.send([first, second], "once")
    assert (campaign["to_send"], campaign["sent"], campaign["status"]) == (6, 6, "finished")
    assert campaign["started_at"] == "1998-07-01T02:00:00Z"
    assert sorted(client.sent_to("once")) == sorted(some + others)


def test_neither_the_blocklisted_nor_the_unsubscribed_are_sent_to(client: Client) -> None:
    list_id, addresses = audience(client, "left")
    ids = [client.subscriber(address)["id"] for address in addresses]
    client.data("PUT", "/api/subscribers/blocklist", json={"ids": ids[:1]})
    body = {"ids": ids[1:2], "action": "unsubscribe", "target_list_ids": [list_id]}
    client.data("PUT", "/api/subscribers/lists", json=body)
    assert client.send([list_id], "left")["to_send"] == 1
    assert client.sent_to("left") == addresses[2:]


def test_who_has_not_confirmed_is_sent_to_on_a_single_opt_in_list_only(client: Client) -> None:
    single, double = client.add_list("single"), client.add_list("double", optin="double")
    for list_id in (single, double):
        client.import_csv("email\nwaits@shop.example\n", lists=[list_id], subscription_status="unconfirmed")
    client.send([double], "double")
    assert client.sent_to("double") == []
    client.send([single], "single")
    assert client.sent_to("single") == ["waits@shop.example"]


def test_the_same_name_makes_two_campaigns(client: Client) -> None:
    list_id = client.add_list()
    assert client.add_campaign([list_id], "same")["id"] != client.add_campaign([list_id], "same")["id"]
    params = {"query": "same", "per_page": "all"}
    assert client.data("GET", "/api/campaigns", params=params)["total"] == 2


def test_a_campaign_of_an_unknown_list_is_made_and_reaches_nobody(client: Client) -> None:
    campaign = client.add_campaign([99_999], "nobody")
    assert campaign["lists"] == []
    client.set_status(campaign["id"], "running")
    assert client.await_campaign(campaign["id"])["sent"] == 0


def test_a_deleted_list_keeps_its_name_in_the_campaign(client: Client) -> None:
    list_id, _ = audience(client, "gone", 1)
    campaign = client.send([list_id], "gone")
    client.data("DELETE", f"/api/lists/{list_id}")
    assert client.data("GET", f"/api/campaigns/{campaign['id']}")["lists"] == [{"id": None, "name": "gone"}]


def test_who_joins_a_list_while_its_campaign_runs_is_swept_in(client: Client) -> None:
    client.add_contacts(client.add_list(), ["early@shop.example"])
    list_id, addresses = audience(client, "sweep")
    client.set(messages_per_tick=2, tick_seconds=0.01)
    campaign = client.add_campaign([list_id], "sweep")["id"]
    client.set(messages_per_tick=0)
    client.set_status(campaign, "running")
    late = ["late@shop.example", "early@shop.example"]
    client.add_contacts(list_id, late)
    client.set(messages_per_tick=2)
    finished = client.await_campaign(campaign)
    assert sorted(client.sent_to("sweep")) == sorted(addresses + late)
    assert finished["to_send"] == finished["sent"] == 5


def test_a_held_campaign_is_seen_running(client: Client) -> None:
    list_id, _ = audience(client, "held")
    client.set(messages_per_tick=0)
    campaign = client.add_campaign([list_id], "held")["id"]
    assert client.set_status(campaign, "running").json()["data"]["status"] == "running"
    assert [one["id"] for one in client.data("GET", "/api/campaigns/running/stats")] == [campaign]
    assert client.sent_to("held") == []
    client.set(messages_per_tick=None)
    client.await_campaign(campaign)
    assert client.data("GET", "/api/campaigns/running/stats") == []


def test_a_paused_campaign_goes_on_where_it_was(client: Client) -> None:
    list_id, addresses = audience(client, "paused", 10)
    client.set(messages_per_tick=0)
    campaign = client.add_campaign([list_id], "paused")["id"]
    client.set_status(campaign, "running")
    client.set(messages_per_tick=4, tick_seconds=60)
    client.wait(f"/api/campaigns/{campaign}", lambda one: one["sent"] > 0)
    assert client.set_status(campaign, "paused").ok
    assert len(client.sent_to("paused")) == 4
    client.set(messages_per_tick=None)
    assert client.set_status(campaign, "running").ok
    client.await_campaign(campaign)
    assert sorted(client.sent_to("paused")) == sorted(addresses)


def test_a_cancelled_campaign_sends_no_more(client: Client) -> None:
    list_id, _ = audience(client, "cancelled")
    client.set(messages_per_tick=0)
    campaign = client.add_campaign([list_id], "cancelled")["id"]
    client.set_status(campaign, "running")
    assert client.set_status(campaign, "cancelled").ok
    client.set(messages_per_tick=None)
    assert client.set_status(campaign, "running").status_code == 400
    assert client.sent_to("cancelled") == []


START = "Only paused campaigns and drafts can be started."
PAUSE = "Only active campaigns can be paused."
CANCEL = "Only active campaigns can be cancelled."


@pytest.mark.parametrize(
    ("steps", "refused", "message"),
    [
        ([], "paused", PAUSE),
        ([], "cancelled", CANCEL),
        ([], "draft", "Only scheduled campaigns can be saved as drafts."),
        (["running"], "running", START),
        (["running"], "scheduled", "Only draft campaigns can be scheduled."),
        (["running", "paused"], "paused", PAUSE),
        (["running", "cancelled"], "cancelled", CANCEL),
        (["scheduled"], "running", START),
        (["scheduled"], "cancelled", CANCEL),
    ],
)
def test_status_changes_that_the_server_refuses(client: Client, steps: list[str], refused: str, message: str) -> None:
    client.set(messages_per_tick=0)
    campaign = client.add_campaign([client.add_list()], send_at="1998-08-01T00:00:00Z")["id"]
    for step in steps:
        assert client.set_status(campaign, step).ok
    response = client.set_status(campaign, refused)
    assert (response.status_code, response.json()["message"]) == (400, message)
    client.data("DELETE", f"/api/campaigns/{campaign}")


def test_a_finished_campaign_is_not_started_again(client: Client) -> None:
    list_id, addresses = audience(client, "again", 2)
    campaign = client.send([list_id], "again")["id"]
    assert client.set_status(campaign, "running").json()["message"] == START
    assert sorted(client.sent_to("again")) == addresses


def test_a_scheduled_campaign_can_become_a_draft_again(client: Client) -> None:
    campaign = client.add_campaign([client.add_list()], send_at="1998-08-01T00:00:00Z")["id"]
    for status in ("scheduled", "draft"):
        assert client.set_status(campaign, status).json()["data"]["status"] == status


def test_a_campaign_can_be_changed_until_it_runs(client: Client) -> None:
    first, second = audience(client, "change-a", 1)[0], audience(client, "change-b", 1)[0]
    campaign = client.add_campaign([first], "change")
    path = f"/api/campaigns/{campaign['id']}"
    changed = client.data("PUT", path, json={"subject": "Other"})
    assert (changed["subject"], changed["name"]) == ("Other", "change")
    assert [one["id"] for one in changed["lists"]] == [first]
    changed = client.data("PUT", path, json={"lists": [second]})
    assert [one["id"] for one in changed["lists"]] == [second]
    client.set_status(campaign["id"], "running")
    client.await_campaign(campaign["id"])
    assert client.refusal("PUT", path, json={"subject": "Late"})[0] == 400


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": ""}, "Invalid length for `name`."),
        ({"subject": None}, "Invalid length for `subject`."),
        ({"lists": []}, "Invalid list IDs."),
        ({"from_email": "nobody"}, "Invalid `from_email`."),
        ({"messenger": "pigeon"}, "Unknown messenger pigeon."),
        ({"send_at": "1998-06-30T00:00:00Z"}, "Scheduled date should be in the future."),
        ({"body": "{{ .Open"}, "Error compiling campaign body: template: content: unclosed action"),
    ],
)
def test_a_campaign_that_is_not_valid_is_refused(client: Client, wrong: dict[str, object], message: str) -> None:
    body = {"name": "a", "subject": "b", "lists": [1], "body": "c", **wrong}
    assert client.refusal("POST", "/api/campaigns", json=body) == (400, message)


def test_a_deleted_campaign_is_gone(client: Client) -> None:
    campaign = client.add_campaign([client.add_list()], "deleted")["id"]
    assert client.data("DELETE", f"/api/campaigns/{campaign}") is True
    assert client.refusal("GET", f"/api/campaigns/{campaign}") == (400, "Campaign not found")
    assert client.refusal("DELETE", f"/api/campaigns/{campaign}") == (400, "Campaign not found")


def test_campaigns_are_found_by_status_name_and_tag(client: Client) -> None:
    list_id = client.add_list()
    made = client.add_campaign([list_id], "look/for/1998-07-01", tags=["reveil"])["id"]
    for params in ({"query": "FOR/1998"}, {"tag": "reveil", "status": "draft"}, {"query": "miss you", "tag": "reveil"}):
        results = client.data("GET", "/api/campaigns", params=params)["results"]
        assert [one["id"] for one in results] == [made], params
    nothing = client.data("GET", "/api/campaigns", params={"query": "look/for", "status": "running", "page": 2})
    assert nothing == {"results": [], "search": "", "query": "", "total": 0, "per_page": 0, "page": 0}
    (one,) = client.data("GET", "/api/campaigns", params={"tag": "reveil", "no_body": "true"})["results"]
    assert one["body"] == ""


def test_some_can_be_left_out_without_a_word(client: Client) -> None:
    list_id, addresses = audience(client, "skip", 5)
    client.set(skip_messages=2)
    campaign = client.send([list_id], "skip")
    assert (campaign["to_send"], campaign["sent"], campaign["status"]) == (5, 3, "finished")
    assert set(client.sent_to("skip")) < set(addresses)
    client.set(skip_messages=9)
    assert client.send([list_id], "skip-all")["sent"] == 0
