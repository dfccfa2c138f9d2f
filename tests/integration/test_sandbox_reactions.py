"""Recipients react as the clock moves, and by their own clicks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sandbox_client import Client, serving

NIGHT = "1998-07-01T02:00:00Z"
LATER = "1998-07-08T02:00:00Z"
LONG_AGO = "1970-01-01T00:00:00Z"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with serving(tmp_path / "sandbox", NIGHT) as client:
        yield client


def force(client: Client, **forced: dict[str, Any]) -> None:
    addresses = {f"{name}@shop.example": what for name, what in forced.items()}
    client.data("PUT", "/sandbox/rates", json={"addresses": addresses})


def send_to(client: Client, *names: str, campaign: str = "winback/1") -> int:
    list_id = client.add_list(campaign)
    client.add_contacts(list_id, [f"{name}@shop.example" for name in names])
    client.send([list_id], campaign)
    return list_id


def export(client: Client, kind: str, since: str = LONG_AGO) -> list[list[str]]:
    text = client.call("GET", f"/api/maintenance/analytics/{kind}/export", params={"since": since}).text
    return [line.split(",") for line in text.splitlines()[1:]]


def test_nothing_has_happened_before_the_clock_moves(client: Client) -> None:
    force(client, opens={"opened": 1})
    send_to(client, "opens")
    assert export(client, "views") == []
    client.move_clock(LATER)
    (view,) = export(client, "views")
    assert view[5] == "opens@shop.example"
    assert NIGHT < view[-1] < LATER


def test_reactions_appear_at_their_instants_not_before(client: Client) -> None:
    force(client, opens={"opened": 1})
    delay = {"median_seconds": 3600, "sigma": 0}
    client.data("PUT", "/sandbox/rates", json={"delay": delay})
    send_to(client, "opens")
    client.move_clock("1998-07-01T02:59:59Z")
    assert export(client, "views") == []
    client.move_clock("1998-07-01T03:00:00Z")
    assert [row[-1] for row in export(client, "views")] == ["1998-07-01T03:00:00Z"]


def test_since_is_inclusive(client: Client) -> None:
    force(client, opens={"opened": 1})
    send_to(client, "opens")
    client.move_clock(LATER)
    instant = export(client, "views")[0][-1]
    assert len(export(client, "views", since=instant)) == 1
    assert export(client, "views", since=LATER) == []
    params = {"since": "yesterday"}
    assert client.refusal("GET", "/api/maintenance/analytics/clicks/export", params=params) == (400, "Invalid data")


def test_a_click_names_its_link_and_counts_for_the_campaign(client: Client) -> None:
    force(client, clicks={"clicked": 1})
    send_to(client, "clicks")
    client.move_clock(LATER)
    (click,) = export(client, "clicks")
    assert click[7] == "https://shop.example/comeback"
    campaign = client.data("GET", f"/api/campaigns/{click[0]}")
    assert (campaign["views"], campaign["clicks"], campaign["bounces"]) == (1, 1, 0)


def test_without_individual_tracking_opens_have_no_name(client: Client) -> None:
    client.set(individual_tracking=False)
    force(client, clicks={"clicked": 1})
    send_to(client, "clicks")
    client.move_clock(LATER)
    for kind in ("views", "clicks"):
        assert [row[3:7] for row in export(client, kind)] == [["0", "", "", ""]]


def test_a_hard_bounce_blocklists_and_leaves_the_subscription_and_its_date(client: Client) -> None:
    force(client, hard={"bounced_hard": 1}, soft={"bounced_soft": 1}, complains={"complained": 1})
    send_to(client, "hard", "soft", "complains")
    before = client.subscriber("hard@shop.example")
    client.move_clock(LATER)
    rows = client.data("GET", "/api/bounces", params={"order_by": "created_at", "order": "asc"})["results"]
    assert {(row["email"], row["type"], row["subscriber_status"]) for row in rows} == {
        ("hard@shop.example", "hard", "blocklisted"),
        ("soft@shop.example", "soft", "enabled"),
        ("complains@shop.example", "complaint", "blocklisted"),
    }
    assert {row["campaign"]["name"] for row in rows} == {"winback/1"}
    after = client.subscriber("hard@shop.example")
    assert after == {**before, "status": "blocklisted"}
    assert after["lists"][0]["subscription_status"] == "confirmed"


def test_of_soft_bounces_two_are_recorded(client: Client) -> None:
    body = {"email": "soft@shop.example", "type": "soft", "source": "relay"}
    client.data("POST", "/api/subscribers", json={"email": "soft@shop.example"})
    for _ in range(3):
        assert client.data("POST", "/webhooks/bounce", json=body) is True
    found = client.data("GET", "/api/bounces", params={"source": "relay"})
    assert found["total"] == 2
    assert found["results"][0]["campaign"] is None


def test_an_unsubscribe_ends_the_campaigns_lists_only(client: Client) -> None:
    force(client, leaves={"unsubscribed": 1})
    other = client.add_list("newsletter")
    client.add_contacts(other, ["leaves@shop.example"])
    list_id = send_to(client, "leaves")
    client.move_clock(LATER)
    who = client.subscriber("leaves@shop.example")
    subscriptions = {one["id"]: one for one in who["lists"]}
    assert {key: one["subscription_status"] for key, one in subscriptions.items()} == {
        other: "confirmed",
        list_id: "unsubscribed",
    }
    assert who["status"] == "enabled"
    assert who["updated_at"] == NIGHT
    assert NIGHT < subscriptions[list_id]["subscription_updated_at"] < LATER
    assert subscriptions[other]["subscription_updated_at"] == "1998-07-01T02:00:00+00:00"


def one_click(client: Client, campaign: str, name: str, body: dict[str, str]) -> int:
    found = client.data("GET", "/api/campaigns", params={"query": campaign})["results"][0]
    who = client.subscriber(f"{name}@shop.example")["uuid"]
    return client.anonymous("POST", f"/subscription/{found['uuid']}/{who}", data=body).status_code


def test_one_click_keeps_a_contact_out_of_the_next_send_to_that_list(client: Client) -> None:
    list_id = send_to(client, "stays", "clicks")
    assert one_click(client, "winback/1", "clicks", {"List-Unsubscribe": "One-Click"}) == 200
    client.send([list_id], "winback/2")
    assert client.sent_to("winback/2") == ["stays@shop.example"]


def test_looking_at_the_unsubscribe_page_changes_nothing(client: Client) -> None:
    list_id = send_to(client, "looks")
    campaign = client.data("GET", "/api/campaigns")["results"][0]["uuid"]
    who = client.subscriber("looks@shop.example")["uuid"]
    assert client.anonymous("GET", f"/subscription/{campaign}/{who}").status_code == 200
    client.send([list_id], "winback/2")
    assert client.sent_to("winback/2") == ["looks@shop.example"]


def test_the_page_can_leave_everything(client: Client) -> None:
    other = client.add_list("newsletter")
    client.add_contacts(other, ["leaves@shop.example"])
    send_to(client, "leaves")
    assert one_click(client, "winback/1", "leaves", {"blocklist": "true", "manage": "false"}) == 200
    who = client.subscriber("leaves@shop.example")
    assert who["status"] == "blocklisted"
    assert {one["subscription_status"] for one in who["lists"]} == {"unsubscribed"}


def test_an_unknown_recipient_finds_no_page(client: Client) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    assert client.anonymous("POST", f"/subscription/{nobody}/{nobody}").status_code == 404
    assert client.anonymous("GET", f"/link/{nobody}/{nobody}/{nobody}").status_code == 404
    assert client.anonymous("GET", f"/campaign/{nobody}/{nobody}/px.png").status_code == 200


def test_what_an_erased_contact_did_stays_without_a_name(client: Client) -> None:
    force(client, erased={"clicked": 1}, late={"clicked": 1})
    send_to(client, "erased", "late")
    who = client.subscriber("late@shop.example")["id"]
    client.data("DELETE", f"/api/subscribers/{who}")
    client.move_clock(LATER)
    who = client.subscriber("erased@shop.example")["id"]
    client.data("DELETE", f"/api/subscribers/{who}")
    for kind in ("views", "clicks"):
        assert [row[3:7] for row in export(client, kind)] == [["0", "", "", ""]] * 2
    assert client.data("GET", "/api/bounces")["total"] == 0
    assert client.sent_to() == ["", ""]


def test_a_scheduled_campaign_starts_when_its_hour_comes(client: Client) -> None:
    force(client, opens={"opened": 1})
    list_id = client.add_list()
    client.add_contacts(list_id, ["opens@shop.example"])
    campaign = client.add_campaign([list_id], send_at="1998-07-02T08:00:00Z")["id"]
    client.set_status(campaign, "scheduled")
    client.move_clock("1998-07-02T07:59:59Z")
    assert client.sent_to() == []
    client.move_clock(LATER)
    finished = client.data("GET", f"/api/campaigns/{campaign}")
    assert (finished["status"], finished["started_at"]) == ("finished", "1998-07-02T08:00:00Z")
    (view,) = export(client, "views")
    assert view[-1] > "1998-07-02T08:00:00Z"


def test_moving_the_clock_sends_what_runs_at_the_old_time_first(client: Client) -> None:
    list_id = client.add_list()
    client.add_contacts(list_id, [f"c{n}@shop.example" for n in range(500)])
    client.set_status(client.add_campaign([list_id])["id"], "running")
    client.move_clock(LATER)
    rows = client.data("GET", "/sandbox/sent", params={"per_page": "all"})["results"]
    assert {row["sent_at"] for row in rows} == {NIGHT}
    assert len(rows) == 500


def test_the_clock_never_goes_back(client: Client) -> None:
    assert client.refusal("PUT", "/sandbox/clock", json={"now": "1998-06-30T00:00:00Z"})[0] == 400
    assert client.refusal("PUT", "/sandbox/clock", json={"now": "soon"})[0] == 400
    assert client.data("GET", "/sandbox/clock") == {"now": NIGHT, "is_set": True}


def test_a_clock_that_was_never_set_follows_the_wall(tmp_path: Path) -> None:
    moments = [datetime(1998, 7, 1, 2, tzinfo=UTC)]
    with serving(tmp_path, wall=lambda: moments[-1]) as client:
        force(client, opens={"opened": 1})
        list_id = client.add_list()
        client.add_contacts(list_id, ["opens@shop.example"])
        later = client.add_campaign([list_id], "winback/2", send_at="1998-07-02T08:00:00Z")["id"]
        client.set_status(later, "scheduled")
        first = client.send([list_id], "winback/1")
        assert first["started_at"] == NIGHT
        assert client.sent_to("winback/2") == []
        moments.append(datetime(1998, 7, 8, 2, tzinfo=UTC))
        assert client.await_campaign(later)["started_at"] == LATER
        client.wait(f"/api/campaigns/{first['id']}", lambda one: one["views"] == 1)
        assert client.data("GET", "/sandbox/clock") == {"now": LATER, "is_set": False}


def test_the_same_night_played_twice_has_the_same_reactions(tmp_path: Path) -> None:
    def play(folder: Path) -> list[list[str]]:
        with serving(folder, NIGHT) as client:
            client.data("PUT", "/sandbox/rates", json={"shares": {"opened": 0.2}})
            send_to(client, *(f"c{n}" for n in range(2_000)))
            client.move_clock(LATER)
            return [row[5:] for row in export(client, "views")]

    first = play(tmp_path / "first")
    assert len(first) > 300
    assert play(tmp_path / "second") == first


def test_wrong_rates_and_options_are_refused(client: Client) -> None:
    for path, body in [
        ("rates", {"shares": {"opened": 2}}),
        ("rates", {"nope": 1}),
        ("options", {"nope": 1}),
        ("options", {"messages_per_tick": -1}),
        ("options", {"hold_imports": 1}),
    ]:
        assert client.refusal("PUT", f"/sandbox/{path}", json=body)[0] == 400, body
