"""A message that has gone out unchanged for too long is named."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from raw_rows import add, contact, rows, send, settings_at

from reveil.doctor import doctor
from reveil.rules import write_rules
from reveil.settings import Settings
from reveil.warehouse import connect


def sent(settings: Settings, message: str, digest: str, *nights: datetime, event: str = "started") -> None:
    for night in nights:
        key = f"winback/{message}/{message}/en/{night:%Y-%m-%d}/1"
        batch = {"batch_key": key, "campaign": "winback", "step": message, "message": message, "language": "en"}
        add(settings, "journal.batches", {**batch, "as_of": night, "n": 1, "esp": "sandbox", "planned": 1}
            | {"message_digest": digest})  # fmt: skip
        add(settings, "journal.batch_events", {"batch_key": key, "event": event, "as_of": night})


def digest_now(settings: Settings, message: str) -> str:
    query = f"select digest from rules.campaign_messages where message = '{message}' and language = 'en'"
    return str(rows(settings, query)[0][0])


def stale(settings: Settings) -> list[str]:
    return [line for line in doctor(settings).lines if line.startswith("STALE")]


def test_words_unchanged_for_a_year_are_named_and_others_are_not(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    write_rules(settings)
    begin, end = datetime(2025, 11, 22), datetime(2026, 11, 22)
    sent(settings, "we_miss_you", digest_now(settings, "we_miss_you"), begin, end)
    sent(settings, "larger_offer", "other words", begin, end)
    sent(settings, "last_chance", digest_now(settings, "last_chance"), datetime(2025, 11, 23), end)
    assert stale(settings) == [
        "STALE winback/we_miss_you (en): unchanged from 2025-11-22 to 2026-11-22, over 12 months"
    ]


def test_what_never_started_has_not_gone_out(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    write_rules(settings)
    nights = (datetime(2025, 1, 1), datetime(2026, 11, 22))
    sent(settings, "we_miss_you", digest_now(settings, "we_miss_you"), *nights, event="cancelled")
    assert stale(settings) == []


def test_regular_messages_are_named_where_the_provider_tells_their_name(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    add(settings, "raw.crm_contacts", contact("1"))
    for at in (datetime(2025, 1, 1), datetime(2026, 11, 22)):
        add(settings, "raw.esp_sends", send("1", at) | {"campaign": "welcome"})
    assert stale(settings) == ["STALE regular welcome: unchanged from 2025-01-01 to 2026-11-22, over 12 months"]


def test_a_warehouse_of_an_older_release_is_looked_at_all_the_same(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    add(settings, "raw.crm_contacts", contact("1"))
    with connect(settings.warehouse) as connection:
        connection.execute("alter table journal.batches drop column message_digest")
    assert stale(settings) == []
    write_rules(settings)
    assert rows(settings, "select message_digest from journal.batches") == []
