"""Plan, push and gather against the sandbox."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from pushing import CONTACTS, NIGHT, adapter, decide, make_warehouse, outcomes, query, settings_for
from sandboxes import control, sent, unsubscribe_by_one_click

from reveil.errors import BadInput, Busy, Refused
from reveil.esp.base import EspUncertain, Recipient
from reveil.push import gather, plan, push
from reveil.push.deliver import push_lock
from reveil.sandbox import SandboxHandle, running
from reveil.settings import EspSettings, Settings
from reveil.warehouse import Warehouse

EVENT = """
insert into raw.esp_events (esp, event_id, contact_id, event, occurred_at, load_id)
values ('sandbox', 'e', 'c002', '{event}', '{at}', 1)
"""
REQUEST = """
insert into raw.crm_erasure_requests (request_id, contact_id, requested_at, load_id)
values ('r', 'c002', '1998-06-30', 1)
"""


def plan_and_push(settings: Settings, as_of=NIGHT):
    plan(settings, as_of, now=as_of)
    return push(settings, adapter(settings), as_of, now=as_of)


def recipients(handle: SandboxHandle) -> Counter[str]:
    return Counter(row["email"] for row in sent(handle))


def test_everybody_decided_is_mailed_once_in_their_language(here: Settings, handle: SandboxHandle) -> None:
    report = plan_and_push(here)
    assert report.figures == {"new_batches": 2, "outcomes": {"sent": CONTACTS}}
    assert recipients(handle) == {f"c{n:03}@gmail.example": 1 for n in range(CONTACTS)}
    campaigns = Counter(row["campaign"] for row in sent(handle))
    assert campaigns == {
        "winback/we_miss_you/we_miss_you/en/1998-07-01/1": 6,
        "winback/we_miss_you/we_miss_you/fr/1998-07-01/1": 3,
    }
    assert set(outcomes(here).values()) == {"sent"}


def test_the_same_night_again_sends_nothing_and_says_so(here: Settings, handle: SandboxHandle) -> None:
    plan_and_push(here)
    report = plan_and_push(here)
    assert "nobody is mailed twice" in " ".join(report.lines)
    assert set(recipients(handle).values()) == {1}


def test_a_later_night_never_repeats_a_step_even_where_the_models_ask_for_it(
    here: Settings, handle: SandboxHandle
) -> None:
    plan_and_push(here)
    decide(here, NIGHT + timedelta(days=1))
    report = plan_and_push(here, NIGHT + timedelta(days=1))
    assert report.figures["new_batches"] == 0
    assert set(recipients(handle).values()) == {1}


def test_a_one_click_unsubscribe_is_global_and_keeps_the_contact_from_the_next_batch(
    here: Settings, handle: SandboxHandle
) -> None:
    plan_and_push(here)
    unsubscribe_by_one_click(handle, "c001@gmail.example")

    with Warehouse(here).write("test") as connection:  # the next step, for everybody
        connection.execute("delete from journal.batch_contacts")
        connection.execute("delete from journal.enrolments")
    tomorrow = NIGHT + timedelta(days=1)
    decide(here, tomorrow)
    plan_and_push(here, tomorrow)

    assert recipients(handle)["c001@gmail.example"] == 1
    assert set(recipients(handle).values()) == {1, 2}
    assert outcomes(here)["c001"] == "refused"
    member = control(handle, "GET", "/api/subscribers", search="c001@gmail.example")["results"][0]
    assert member["status"] == "blocklisted"


def test_who_leaves_after_several_messages_counts_for_the_one_they_left_by(
    here: Settings, handle: SandboxHandle
) -> None:
    plan_and_push(here)
    later = NIGHT + timedelta(days=8)
    with Warehouse(here).write("test") as connection:  # the next step, for everybody
        connection.execute("update journal.batch_contacts set step = 'before'")
        connection.execute("delete from journal.enrolments")
    decide(here, later)
    adapter(here).move_sandbox_clock(later)
    plan_and_push(here, later)
    unsubscribe_by_one_click(handle, "c001@gmail.example")
    left = "select event_id, batch_key from raw.esp_events where contact_id = 'c001' and event = 'unsubscribed'"
    gather(here, adapter(here), later)
    first = query(here, left)

    adapter(here).move_sandbox_clock(later + timedelta(days=1))
    # the suppression ended both subscriptions: the provider now tells of two lists
    lists = [one["id"] for one in control(handle, "GET", "/api/lists", per_page="all")["results"]]
    told = [
        control(handle, "GET", "/api/subscribers", list_id=one, subscription_status="unsubscribed")["total"]
        for one in lists
    ]
    gather(here, adapter(here), later + timedelta(days=1))
    assert sum(told) == 2
    assert [batch_key for _, batch_key in first] == ["winback/we_miss_you/we_miss_you/en/1998-07-09/1"]
    assert query(here, left) == first


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("update raw.crm_contacts set marketing_consent = false where contact_id = 'c002'", "no_consent"),
        ("update raw.crm_contacts set normalised_email = null where contact_id = 'c002'", "no_address"),
        (REQUEST, "erasure_pending"),
        (EVENT.format(event="complained", at="1998-06-30 12:00"), "complained"),
        (EVENT.format(event="bounced_hard", at="1998-06-01"), "hard_bounce"),
    ],
)
def test_who_became_unmailable_since_the_plan_is_not_mailed(
    here: Settings, handle: SandboxHandle, change: str, why: str
) -> None:
    plan(here, NIGHT, now=NIGHT)
    with Warehouse(here).write("test") as connection:
        connection.execute(change)
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert "c002@gmail.example" not in recipients(handle)
    found = query(here, "select outcome, outcome_why from journal.batch_contacts where contact_id = 'c002'")
    assert found == [("refused", why)]
    assert len(recipients(handle)) == CONTACTS - 1


def test_who_objects_while_the_list_is_filled_is_not_mailed(here: Settings, handle: SandboxHandle) -> None:
    class Esp(type(adapter(here))):  # type: ignore[misc]
        def create_campaign(self, name, list_id, message):
            objecting = [int(one.esp_id) for one in self.members(list_id) if one.address == "c004@gmail.example"]
            if objecting:
                control(handle, "PUT", "/api/subscribers/blocklist", {"ids": objecting})
            return super().create_campaign(name, list_id, message)

    esp = adapter(here)
    esp.__class__ = Esp
    plan(here, NIGHT, now=NIGHT)
    push(here, esp, NIGHT, now=NIGHT)
    assert "c004@gmail.example" not in recipients(handle)
    assert outcomes(here)["c004"] == "refused"


def test_an_objection_of_one_contact_holds_for_the_whole_mailbox(here: Settings, handle: SandboxHandle) -> None:
    with Warehouse(here).write("test") as connection:
        connection.execute(
            "update raw.crm_contacts set normalised_email = 'c000@gmail.example' where contact_id = 'c001'"
        )
        connection.execute(
            "insert into raw.esp_events (esp, event_id, contact_id, event, occurred_at, load_id)"
            " values ('sandbox', 'e', 'c001', 'unsubscribed', '1998-06-30', 1)"
        )
    plan_and_push(here)
    assert "c000@gmail.example" not in recipients(handle)


def test_members_who_are_not_of_the_batch_are_taken_off_its_list(here: Settings, handle: SandboxHandle) -> None:
    esp = adapter(here)
    key = "winback/we_miss_you/we_miss_you/en/1998-07-01/1"
    esp.upload(esp.create_list(key), [Recipient("x", "stranger@gmail.example", "Stranger")])
    plan_and_push(here)
    assert "stranger@gmail.example" not in recipients(handle)
    assert len(recipients(handle)) == CONTACTS


def test_twin_campaigns_never_send_twice(here: Settings, handle: SandboxHandle) -> None:
    control(handle, "PUT", "/sandbox/faults", [{"match": "POST /api/campaigns", "kind": "500_after", "times": 1}])
    plan_and_push(here)
    assert set(recipients(handle).values()) == {1}
    assert len(recipients(handle)) == CONTACTS
    names = Counter(one["name"] for one in control(handle, "GET", "/api/campaigns", per_page="all")["results"])
    assert set(names.values()) == {1}


def test_a_start_whose_answer_is_lost_is_looked_up_not_repeated(here: Settings, handle: SandboxHandle) -> None:
    faults = [{"match": "PUT /api/campaigns/", "kind": "500_after", "times": 2}]
    control(handle, "PUT", "/sandbox/faults", faults)
    plan_and_push(here)
    assert set(recipients(handle).values()) == {1}
    assert set(outcomes(here).values()) == {"sent"}


def test_an_import_lost_in_a_restart_is_done_again(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    with running(folder, clock=NIGHT) as first:
        esp = adapter(settings_for(tmp_path, first))
        list_id = esp.create_list("batch")
    with running(folder) as second:
        esp = adapter(settings_for(tmp_path, second))
        assert esp.upload(list_id, [Recipient("c", "c@gmail.example", "C")]).accepted == 1


def test_fewer_sent_than_planned_makes_all_of_them_unknown_and_never_mailed_again(
    here: Settings, handle: SandboxHandle
) -> None:
    class Skips(type(adapter(here))):  # type: ignore[misc]
        """A provider that, killed in mid-send, left one out and cannot say whom."""

        def campaign(self, campaign_id):
            real = super().campaign(campaign_id)
            return type(real)(real.id, real.name, real.status, real.planned, max(real.sent - 1, 0))

    esp = adapter(here)
    esp.__class__ = Skips
    plan(here, NIGHT, now=NIGHT)
    push(here, esp, NIGHT, now=NIGHT)
    assert set(outcomes(here).values()) == {"unknown"}
    decide(here, NIGHT + timedelta(days=1))
    plan_and_push(here, NIGHT + timedelta(days=1))
    assert set(recipients(handle).values()) == {1}


def test_pause_stops_before_the_first_call_and_resume_lets_it_go_on(here: Settings, handle: SandboxHandle) -> None:
    plan(here, NIGHT, now=NIGHT)
    here.pause_file.write_text("looking into complaints")
    with pytest.raises(Refused, match="looking into complaints"):
        push(here, adapter(here), NIGHT, now=NIGHT)
    assert sent(handle) == []
    here.pause_file.unlink()
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert len(recipients(handle)) == CONTACTS


def test_pause_is_read_again_just_before_each_start(here: Settings, handle: SandboxHandle) -> None:
    class Pausing(type(adapter(here))):  # type: ignore[misc]
        def create_campaign(self, name, list_id, message):
            here.pause_file.write_text("stop")
            return super().create_campaign(name, list_id, message)

    esp = adapter(here)
    esp.__class__ = Pausing
    plan(here, NIGHT, now=NIGHT)
    with pytest.raises(Refused, match="paused"):
        push(here, esp, NIGHT, now=NIGHT)
    assert sent(handle) == []
    here.pause_file.unlink()
    push(here, adapter(here), NIGHT, now=NIGHT)
    assert recipients(handle) == {f"c{n:03}@gmail.example": 1 for n in range(CONTACTS)}


def test_without_permission_nothing_is_written_or_sent(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, esp=EspSettings(provider="listmonk", url="http://127.0.0.1:9"))
    make_warehouse(settings, 3)
    plan(settings, NIGHT, now=NIGHT)
    report = push(settings, adapter(settings), NIGHT, now=NIGHT)  # nothing listens there: a call would fail
    assert report.figures == {"dry_run": True, "planned": 3}
    assert query(settings, "select count(*) from journal.batches") == [(0,)]


def test_marts_of_another_night_are_refused(here: Settings, handle: SandboxHandle) -> None:
    with pytest.raises(BadInput, match="marts are of 1998-07-01") as refusal:
        plan(here, NIGHT + timedelta(days=1), now=NIGHT)
    assert refusal.value.exit_code == 2
    with pytest.raises(BadInput, match="marts are of 1998-07-01"):
        push(here, adapter(here), NIGHT + timedelta(days=1), now=NIGHT)
    assert sent(handle) == []


def test_a_night_before_one_that_acted_is_refused(here: Settings, handle: SandboxHandle) -> None:
    plan_and_push(here)
    decide(here, NIGHT - timedelta(days=1))
    with pytest.raises(BadInput, match="later night"):
        plan(here, NIGHT - timedelta(days=1), now=NIGHT)


def test_a_second_push_waits_and_then_names_the_first(here: Settings) -> None:
    hasty = here.model_copy(update={"lock_wait_seconds": 0.1})
    plan(here, NIGHT, now=NIGHT)
    with push_lock(here), pytest.raises(Busy, match="held by `push`"):
        push(hasty, adapter(here), NIGHT, now=NIGHT)


def test_an_intent_that_never_started_is_cancelled_after_its_time_and_its_contacts_are_free_again(
    here: Settings, handle: SandboxHandle
) -> None:
    class Down(type(adapter(here))):  # type: ignore[misc]
        def start(self, campaign_id):
            raise EspUncertain("down")

    esp = adapter(here)
    esp.__class__ = Down
    plan(here, NIGHT, now=NIGHT)
    with pytest.raises(Exception, match="could not be started"):
        push(here, esp, NIGHT, now=NIGHT)
    tomorrow = NIGHT + timedelta(days=1)
    decide(here, tomorrow)
    plan_and_push(here, tomorrow)
    cancelled = query(here, "select count(*) from journal.batch_events where event = 'cancelled'")
    assert cancelled == [(2,)]
    decide(here, tomorrow + timedelta(days=1))
    plan_and_push(here, tomorrow + timedelta(days=1))
    assert recipients(handle) == {f"c{n:03}@gmail.example": 1 for n in range(CONTACTS)}


def test_gathering_twice_counts_nothing_twice(here: Settings, handle: SandboxHandle) -> None:
    plan_and_push(here)
    control(handle, "PUT", "/sandbox/rates", {"shares": {"opened": 1, "clicked": 1}})
    decide(here, NIGHT)
    with Warehouse(here).write("test") as connection:
        connection.execute("delete from journal.batch_contacts")
        connection.execute("delete from journal.enrolments")
        connection.execute("delete from journal.batches")
    tomorrow = NIGHT + timedelta(days=1)
    adapter(here).move_sandbox_clock(tomorrow)
    decide(here, tomorrow)
    plan_and_push(here, tomorrow)
    adapter(here).move_sandbox_clock(tomorrow + timedelta(days=9))
    first = gather(here, adapter(here), tomorrow + timedelta(days=9))
    again = gather(here, adapter(here), tomorrow + timedelta(days=9))
    assert first.figures["events"]["opened"]["new"] == CONTACTS
    assert again.figures["events"].get("opened", {"new": 0})["new"] == 0
    events = Counter(query(here, "select event, contact_id from raw.esp_events where event in ('opened', 'clicked')"))
    assert set(events.values()) == {1}


def test_events_of_subscribers_nobody_knows_are_counted_and_not_stored(here: Settings, handle: SandboxHandle) -> None:
    esp = adapter(here)
    list_id = esp.create_list("their newsletter")
    esp.upload(list_id, [Recipient("x", "stranger@gmail.example", "X"), Recipient("y", "c003@gmail.example", "Y")])
    ids = [int(member.esp_id) for member in esp.members(list_id)]
    body = {"ids": ids, "action": "unsubscribe", "target_list_ids": [int(list_id)]}
    control(handle, "PUT", "/api/subscribers/lists", body)
    report = gather(here, esp, NIGHT)
    assert report.figures["events"]["unsubscribed"] == {"new": 1, "known": 0, "unknown": 1}
    assert query(here, "select contact_id, event from raw.esp_events") == [("c003", "unsubscribed")]


def test_no_address_is_left_in_the_scratch_folder(here: Settings, handle: SandboxHandle) -> None:
    leftover = here.scratch / "gather-999999999.csv"
    here.scratch.mkdir(parents=True, exist_ok=True)
    leftover.write_text("somebody@gmail.example")
    plan_and_push(here)
    assert [file for file in here.scratch.rglob("*") if file.is_file()] == []
