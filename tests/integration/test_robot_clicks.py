"""A robot's click moves neither clock: from raw rows through every model, in one build."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from raw_rows import Row, add, by_contact, contact, event, send, settings_at

from reveil import transform
from reveil.settings import Settings

AS_OF = datetime(2026, 11, 22, 3)
SIGNED_UP = "2024-03-01"
LINKS = ("https://shop.example/a", "https://shop.example/b", "https://shop.example/c")


def clicked(contact_id: str, at: str, url: str = LINKS[0], campaign: str = "news") -> Row:
    event_id = f"{contact_id}-{at}-{url}"
    return event(event_id, contact_id, "clicked", f"2026-11-{at}", url=url, campaign=campaign, actor="human")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_at(tmp_path_factory.mktemp("robots"))
    names = ("at_delivery", "after_the_send", "every_link", "person", "behind_a_scanner")
    add(
        settings,
        "raw.crm_contacts",
        *(contact(name, signed_up_at=SIGNED_UP, business_line="newsletter") for name in names),
    )
    add(settings, "raw.esp_sends", send("after_the_send", "2026-11-10 09:00:00", campaign="news"))
    add(
        settings,
        "raw.esp_events",
        event("d", "at_delivery", "delivered", "2026-11-10 09:00:00", campaign="news"),
        clicked("at_delivery", "10 09:00:04"),
        clicked("after_the_send", "10 09:00:05"),
        *(clicked("every_link", f"10 09:10:0{n}", url) for n, url in enumerate(LINKS)),
        clicked("person", "10 10:00:00"),
        *(clicked("behind_a_scanner", f"10 09:10:0{n}", url) for n, url in enumerate(LINKS)),
        clicked("behind_a_scanner", "11 18:00:00", LINKS[1]),
    )
    transform.build(settings, AS_OF)
    return settings


@pytest.mark.parametrize("name", ["at_delivery", "after_the_send", "every_link"])
def test_a_robots_click_is_seen_by_no_mart(built: Settings, name: str) -> None:
    def of(table: str, columns: str) -> Any:
        return by_contact(built, f"marts.{table}", columns)[name]

    assert of("contact_recency", "last_click_at, clicks_30d") == (None, 0)
    assert of("contact_status", "status, deciding_signal") == ("lost", "sign_up")
    assert of("retention_clock", "last_contact_signal, due_on") == ("sign_up", date(2027, 3, 1))


@pytest.mark.parametrize(
    ("name", "at"),
    [("person", datetime(2026, 11, 10, 10)), ("behind_a_scanner", datetime(2026, 11, 11, 18))],
)
def test_a_persons_click_counts_for_both_clocks(built: Settings, name: str, at: datetime) -> None:
    assert by_contact(built, "marts.contact_recency", "last_click_at, clicks_30d")[name] == (at, 1)
    assert by_contact(built, "marts.contact_status", "status, deciding_signal")[name] == ("active", "click")
    assert by_contact(built, "marts.retention_clock", "last_contact_at")[name] == at
