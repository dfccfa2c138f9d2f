"""The listmonk adapter against the sandbox, which a test of its own holds to the recorded exchanges."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sandboxes import control, sent, set_shares

from reveil.esp.base import STARTED, EspDenied, EspRejected, Message, Recipient
from reveil.esp.http import HttpSession
from reveil.esp.listmonk import Listmonk
from reveil.sandbox import SandboxHandle, running

NIGHT = datetime(1998, 7, 1)
MESSAGE = Message(
    "Hello",
    "<p>{{ first_name }} <a href='{{ link shop }}'>x</a> {{ unsubscribe_url }}</p>",
    "{{ first_name }} {{ link shop }} {{ unsubscribe_url }}",
    "Shop <news@shop.example>",
    {"shop": "https://shop.example/"},
)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxHandle]:
    with running(tmp_path / "sandbox", clock=NIGHT) as handle:
        yield handle


def adapter(handle: SandboxHandle, token: str | None = None, page_size: int = 3) -> Listmonk:
    http = HttpSession(
        handle.url, (handle.user, token or handle.token), 10, 3, sleep=lambda _: None, rng=random.Random(1)
    )
    return Listmonk(http, "sandbox", page_size=page_size, poll_seconds=0.01, import_wait_seconds=20)


def recipients(count: int) -> list[Recipient]:
    return [Recipient(f"c{n}", f"c{n}@gmail.example", f"Contact {n}") for n in range(count)]


def send(esp: Listmonk, name: str, count: int) -> tuple[str, str]:
    """A list of `count` and its campaign, sent; (list_id, campaign_id)."""
    list_id = esp.create_list(name)
    esp.upload(list_id, recipients(count))
    campaign = esp.create_campaign(name, list_id, MESSAGE)
    esp.start(campaign.id)
    while esp.campaign(campaign.id).status == "running":
        pass
    return list_id, campaign.id


def test_wrong_credentials_are_told_from_an_esp_that_is_down(sandbox: SandboxHandle) -> None:
    with pytest.raises(EspDenied):
        adapter(sandbox, token="wrong").check()
    assert any("sandbox" in sentence for sentence in adapter(sandbox).check())


SENDER = "Shop <news@shop.invalid>"


def sender_checked(handle: SandboxHandle, from_email: str = SENDER, options: dict[str, object] | None = None) -> str:
    """What a real server in this state would make the check say."""
    control(handle, "PUT", "/sandbox/options", options or {})
    http = HttpSession(handle.url, (handle.user, handle.token), 10, 3, sleep=lambda _: None)
    try:
        return "; ".join(Listmonk(http).check_sender(from_email))
    except EspRejected as error:
        return f"WRONG {error}"


def test_a_sender_that_the_server_has_as_its_own_is_good(sandbox: SandboxHandle) -> None:
    told = sender_checked(sandbox, "Shop <News@shop.invalid>", {"from_email": "news@shop.invalid"})
    assert told == "the sender Shop <News@shop.invalid> is listmonk's own; 1 SMTP servers are enabled"


def test_another_sender_than_the_servers_own_is_told_with_what_it_takes(sandbox: SandboxHandle) -> None:
    told = sender_checked(sandbox)
    assert told.startswith(
        f"the sender is {SENDER}; listmonk's own messages come from listmonk <noreply@listmonk.invalid>"
    )
    assert "SPF and DKIM of shop.invalid" in told


@pytest.mark.parametrize(
    ("from_email", "options", "fault"),
    [
        ("Shop", {}, "esp.from_email in settings.yml is no sender"),
        ("Shop <news@shop.example>", {}, "is still the example"),
        (SENDER, {"smtp_servers": 0}, "no SMTP server is enabled"),
        (
            SENDER,
            {"smtp_from": "Other <other@shop.invalid>"},
            "puts its own sender, Other <other@shop.invalid>, on every",
        ),
        (SENDER, {"individual_tracking": False}, "individual tracking is off"),
    ],
)
def test_what_is_wrong_with_the_sender_is_said_with_where_to_correct_it(
    sandbox: SandboxHandle, from_email: str, options: dict[str, object], fault: str
) -> None:
    told = sender_checked(sandbox, from_email, options)
    assert told.startswith("WRONG ")
    assert fault in told


def test_all_that_is_wrong_is_said_at_once(sandbox: SandboxHandle) -> None:
    told = sender_checked(sandbox, "Shop", {"smtp_servers": 0, "individual_tracking": False})
    assert all(word in told for word in ("no sender", "no SMTP server", "individual tracking"))


def test_credentials_that_may_not_read_the_settings_are_no_fault(sandbox: SandboxHandle) -> None:
    control(sandbox, "PUT", "/sandbox/faults", [{"match": "GET /api/settings", "kind": "403"}])
    assert "not checked" in sender_checked(sandbox)


def test_a_list_is_found_by_its_whole_name_only(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    made = esp.create_list("winback/one/fr/1998-07-01/1")
    assert esp.find_list("winback/one/fr/1998-07-01/1") == made
    assert esp.find_list("winback/one/fr/1998-07-01") is None


def test_an_upload_is_repeatable_and_read_back_whole_over_pages(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    list_id = esp.create_list("batch")
    for _ in range(2):
        assert esp.upload(list_id, recipients(10)).accepted == 10
    members = list(esp.members(list_id))
    assert sorted(member.address for member in members) == sorted(one.address for one in recipients(10))
    assert all(member.may_receive for member in members)


def test_removed_members_are_gone(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    list_id = esp.create_list("batch")
    esp.upload(list_id, recipients(4))
    first = next(esp.members(list_id))
    esp.remove_members(list_id, [first.esp_id])
    assert first.address not in {member.address for member in esp.members(list_id)}


def test_whoever_is_suppressed_may_not_receive_and_stays_so_after_another_upload(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    list_id = esp.create_list("batch")
    esp.upload(list_id, recipients(2))
    blocked = next(esp.members(list_id))
    esp.suppress([blocked.esp_id])
    other = esp.create_list("another")
    esp.upload(other, recipients(2))
    assert {member.address: member.may_receive for member in esp.members(other)} == {
        one.address: one.address != blocked.address for one in recipients(2)
    }


def test_twin_campaigns_are_both_found_oldest_first(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    list_id = esp.create_list("batch")
    twins = [esp.create_campaign("same/name", list_id, MESSAGE).id for _ in range(2)]
    assert [one.id for one in esp.find_campaigns("same/name")] == twins
    assert esp.find_campaigns("same") == []


def test_a_campaign_sends_once_and_cannot_be_started_again(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    _, campaign_id = send(esp, "batch", 5)
    ended = esp.campaign(campaign_id)
    assert (ended.status, ended.planned, ended.sent) == ("finished", 5, 5)
    assert ended.status in STARTED
    with pytest.raises(EspRejected):
        esp.start(campaign_id)


def test_discarding_is_repeatable_in_every_state(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    list_id = esp.create_list("batch")
    draft = esp.create_campaign("draft", list_id, MESSAGE)
    esp.discard(draft.id)
    assert esp.find_campaigns("draft") == []
    _, finished = send(esp, "sent", 1)
    esp.discard(finished)
    assert esp.campaign(finished).status == "finished"


def test_reactions_arrive_as_events_once_each_and_with_what_identifies_them(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    set_shares(sandbox, opened=1, clicked=1, unsubscribed=1)
    send(esp, "batch", 4)
    esp.move_sandbox_clock(NIGHT + timedelta(days=30))
    events = [event for feed in esp.feeds({}) for event in feed.events]
    counts = {kind: sum(event.kind == kind for event in events) for kind in ("opened", "clicked", "unsubscribed")}
    assert counts == {"opened": 4, "clicked": 4, "unsubscribed": 4}
    assert len({event.event_id for event in events}) == len(events)
    assert {event.source for event in events} == {"batch"}
    assert all(NIGHT <= event.occurred_at <= NIGHT + timedelta(days=30) for event in events)
    assert {event.url for event in events if event.kind == "clicked"} == {"https://shop.example/"}


def test_unsubscribes_of_many_lists_are_asked_for_together(
    sandbox: SandboxHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch leaves a list behind: a call for each would make every night slower than the one before."""
    esp = adapter(sandbox)
    list_ids = [esp.create_list(f"batch {number}") for number in range(120)]
    chosen = [list_ids[0], list_ids[1], list_ids[119]]
    for list_id in chosen:
        esp.upload(list_id, recipients(2))
    who = sorted({one.esp_id for one in esp.members(chosen[0])})
    change = {"ids": [int(who[0])], "action": "unsubscribe", "target_list_ids": [int(one) for one in chosen]}
    control(sandbox, "PUT", "/api/subscribers/lists", change)

    asked: list[dict[str, object]] = []
    call = HttpSession.call

    def counted(self: HttpSession, method: str, path: str, **options: Any) -> Any:
        asked.append(options.get("params") or {})
        return call(self, method, path, **options)

    monkeypatch.setattr(HttpSession, "call", counted)
    left = {event.source for feed in esp.feeds({}) if feed.name == "unsubscribes" for event in feed.events}
    assert left == {"batch 0", "batch 1", "batch 119"}
    assert sum("subscription_status" in params for params in asked) == 2


def test_a_cursor_skips_what_is_long_read_but_not_what_is_near_it(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    set_shares(sandbox, opened=1, clicked=1)
    send(esp, "batch", 3)
    esp.move_sandbox_clock(NIGHT + timedelta(days=30))
    later = (NIGHT + timedelta(days=40)).isoformat()
    events = [event for feed in esp.feeds({"views": later, "clicks": later}) for event in feed.events]
    assert [event for event in events if event.kind in ("opened", "clicked")] == []


def test_the_clock_moves_forward_only(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    assert esp.move_sandbox_clock(NIGHT + timedelta(days=1)) == NIGHT + timedelta(days=1)
    assert esp.move_sandbox_clock(NIGHT) == NIGHT + timedelta(days=1)


def test_whoever_is_erased_is_found_no_more_neither_by_address_nor_by_id(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    people = [*recipients(120), Recipient("o", "o'hara@gmail.example", "O'Hara")]
    esp.upload(esp.create_list("batch"), people)
    found = esp.find(*(one.address for one in people), "nobody@gmail.example")
    assert sorted(one.address for one in found) == sorted(one.address for one in people)
    gone, kept = [one.esp_id for one in found[:119]], [one.esp_id for one in found[119:]]
    for _ in range(2):  # who is gone already is no error
        esp.erase(gone)
    assert esp.find(*(one.address for one in found[:119])) == []
    assert sorted(esp.remaining([one.esp_id for one in found])) == sorted(kept)
    assert esp.find() == []


def test_a_scheduled_campaign_starts_by_itself_at_its_hour(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    list_id = esp.create_list("batch")
    esp.upload(list_id, recipients(3))
    campaign = esp.create_campaign("later", list_id, MESSAGE)
    at = NIGHT + timedelta(hours=9)
    for _ in range(2):
        esp.schedule(campaign.id, at)
    seen = esp.campaign(campaign.id)
    assert (seen.status, seen.send_at, seen.name) == ("scheduled", at, "later")
    esp.move_sandbox_clock(NIGHT + timedelta(hours=8))
    assert sent(sandbox) == []
    esp.move_sandbox_clock(NIGHT + timedelta(hours=10))
    assert {row["sent_at"] for row in sent(sandbox)} == {"1998-07-01T09:00:00Z"}
    assert len(sent(sandbox)) == 3


def subscribers(handle: SandboxHandle) -> list[tuple[str, str, object]]:
    rows = control(handle, "GET", "/api/subscribers", order_by="id", order="asc", per_page="all")["results"]
    return [(row["email"], row["name"], row["attribs"]) for row in rows]


def make_known(handle: SandboxHandle, number: int, attribs: object, name: str = "Theirs") -> None:
    """Somebody whom the provider knows already."""
    body = {"email": f"c{number}@gmail.example", "name": name, "status": "enabled", "attribs": attribs}
    control(handle, "POST", "/api/subscribers", body)


def test_who_is_known_already_gets_our_key_beside_what_others_have_set(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox, page_size=3)
    theirs = {"shoe": 42, "words": {"é": [1, '2, "3"']}}
    for number in range(7):  # more than a page
        make_known(sandbox, number, theirs)
    for _ in range(2):
        assert esp.upload(esp.create_list("batch"), recipients(8)).accepted == 8
        assert subscribers(sandbox) == [
            *((f"c{n}@gmail.example", "Theirs", {**theirs, "reveil": {"contact_id": f"c{n}"}}) for n in range(7)),
            ("c7@gmail.example", "Contact 7", {"reveil": {"contact_id": "c7"}}),
        ]


def test_only_who_is_uploaded_gets_our_key_and_who_has_it_is_not_written_again(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    for number in range(2):
        make_known(sandbox, number, {})
    list_id = esp.create_list("batch")
    other = control(sandbox, "GET", "/api/subscribers", search="c1@")["results"][0]["id"]
    body = {"ids": [other], "action": "add", "target_list_ids": [int(list_id)], "status": "confirmed"}
    control(sandbox, "PUT", "/api/subscribers/lists", body)
    esp.upload(list_id, recipients(1))
    assert [attribs for _, _, attribs in subscribers(sandbox)] == [{"reveil": {"contact_id": "c0"}}, {}]
    control(sandbox, "PATCH", "/api/subscribers/1", {"attribs": {"shoe": 42}})
    esp.upload(list_id, recipients(1))
    assert subscribers(sandbox)[0][2] == {"reveil": {"contact_id": "c0"}, "shoe": 42}


def test_giving_our_key_lifts_no_suppression_and_no_unsubscribe(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    for number in range(2):
        make_known(sandbox, number, {"shoe": 42})
    list_id = esp.create_list("batch")
    control(sandbox, "PUT", "/api/subscribers/blocklist", {"ids": [1]})
    for action in ("add", "unsubscribe"):
        body = {"ids": [2], "action": action, "target_list_ids": [int(list_id)], "status": "confirmed"}
        control(sandbox, "PUT", "/api/subscribers/lists", body)
    esp.upload(list_id, recipients(3))
    assert {one.address[:2]: one.may_receive for one in esp.members(list_id)} == {"c0": False, "c1": False, "c2": True}
    assert all("reveil" in attribs for _, _, attribs in subscribers(sandbox))


def test_a_test_goes_to_its_address_alone_and_leaves_no_campaign(sandbox: SandboxHandle) -> None:
    esp = adapter(sandbox)
    for _ in range(2):
        esp.send_test("reveil test", MESSAGE, "marketing@shop.example")
    tests = control(sandbox, "GET", "/sandbox/tests")
    assert [(row["email"], row["subject"]) for row in tests] == [("marketing@shop.example", "Hello")] * 2
    assert sent(sandbox) == []
    assert control(sandbox, "GET", "/api/campaigns")["results"] == []
