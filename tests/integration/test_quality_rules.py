"""Each expectation catches the fault that it is there for: a rule that cannot fail is a defect."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from reveil.quality import gx
from reveil.quality.suites import GROUPS, Suite, parameters, read
from reveil.settings import PROJECT, Settings
from reveil.warehouse import Warehouse, connect

AS_OF = datetime(1998, 7, 1)
SETTINGS = Settings(push={"max_audience": 4})  # type: ignore[arg-type]
SUITES: dict[str, Suite] = {
    suite.name: suite
    for group in GROUPS
    for suite in read(PROJECT / "expectations" / group, parameters(SETTINGS, AS_OF))
}

NULLABLE = "alter table {table} alter column {column} drop not null; update {table} set {column} = null where rowid = 0"
TWICE = "insert into {table} from {table} limit 1"
NEXT_NIGHT = "update {table} set as_of = as_of + interval 1 day where rowid = 0"
STRANGERS = "update {table} set contact_id = 'x' || contact_id where rowid < 2"
FUTURE = "update {table} set {column} = '1998-07-02 02:00:01' where rowid = 0"
EPOCH = "update {table} set {column} = '1970-01-01' where rowid = 0"
BAD_LOAD = "update journal.loads set rows_rejected = {rows} where table_name = 'crm_orders'"

FAULTS: dict[str, list[str]] = {
    "crm_contacts/table_not_empty": ["delete from {table}"],
    "crm_contacts/contact_id_present": [NULLABLE.replace("{column}", "contact_id")],
    "crm_contacts/contact_id_unique": [TWICE],
    "crm_contacts/contact_id_is_no_address": ["update {table} set contact_id = 'a@b.example' where rowid = 0"],
    "crm_contacts/email_without_control_characters": [
        "update {table} set email = 'a@b.example' || chr(10) || 'Bcc: all' where rowid = 0",
        "update {table} set email = 'a' || chr(9) || '@b.example' where rowid = 0",
    ],
    "crm_contacts/email_looks_like_one": ["update {table} set email = 'nobody' where rowid = 0"],
    "crm_contacts/normalised_email_is_normalised": [
        "update {table} set normalised_email = 'Person@shop.example' where rowid = 0",
        "update {table} set normalised_email = ' person@shop.example' where rowid = 0",
    ],
    "crm_contacts/contact_kind_known": ["update {table} set contact_kind = 'vip' where rowid = 0"],
    "crm_contacts/consent_stated": ["update {table} set marketing_consent = null where rowid < 11"],
    "crm_contacts/instants_plausible": [
        EPOCH.replace("{column}", "signed_up_at"),
        FUTURE.replace("{column}", "marketing_consent_at"),
        FUTURE.replace("{column}", "tracking_consent_at"),
        FUTURE.replace("{column}", "updated_at"),
    ],
    "crm_orders/order_id_present": [NULLABLE.replace("{column}", "order_id")],
    "crm_orders/order_id_unique": [TWICE],
    "crm_orders/contact_id_present": [NULLABLE.replace("{column}", "contact_id")],
    "crm_orders/contact_known": [STRANGERS],
    "crm_orders/ordered_at_present": [NULLABLE.replace("{column}", "ordered_at")],
    "crm_orders/instants_plausible": [
        EPOCH.replace("{column}", "ordered_at"),
        FUTURE.replace("{column}", "ordered_at"),
        FUTURE.replace("{column}", "updated_at"),
    ],
    "crm_orders/amount_present": [NULLABLE.replace("{column}", "amount")],
    "crm_orders/amount_within_bounds": [
        "update {table} set amount = 1000000.01 where rowid = 0",
        "update {table} set amount = -1000000.01 where rowid = 0",
    ],
    "crm_orders/paid_amount_not_negative": ["update {table} set amount = -1 where rowid = 0"],
    "crm_orders/status_known": ["update {table} set status = 'open' where rowid = 0"],
    "crm_orders/currency_is_a_code": ["update {table} set currency = 'euro' where rowid = 0"],
    "crm_logins/contact_id_present": [NULLABLE.replace("{column}", "contact_id")],
    "crm_logins/logged_in_at_present": [NULLABLE.replace("{column}", "logged_in_at")],
    "crm_logins/login_unique": [TWICE],
    "crm_logins/contact_known": [STRANGERS],
    "crm_logins/instants_plausible": [
        EPOCH.replace("{column}", "logged_in_at"),
        FUTURE.replace("{column}", "logged_in_at"),
    ],
    "crm_interactions/contact_id_present": [NULLABLE.replace("{column}", "contact_id")],
    "crm_interactions/occurred_at_present": [NULLABLE.replace("{column}", "occurred_at")],
    "crm_interactions/interaction_present": [NULLABLE.replace("{column}", "interaction")],
    "crm_interactions/interaction_unique": [TWICE],
    "crm_interactions/interaction_is_a_kind": [
        "update {table} set interaction = 'write to me@shop.example' where rowid = 0",
        "update {table} set interaction = repeat('my parcel ', 7) where rowid = 0",
    ],
    "crm_interactions/contact_known": [STRANGERS],
    "crm_interactions/instants_plausible": [
        EPOCH.replace("{column}", "occurred_at"),
        FUTURE.replace("{column}", "occurred_at"),
    ],
    "crm_preferences/contact_id_present": [NULLABLE.replace("{column}", "contact_id")],
    "crm_preferences/set_at_present": [NULLABLE.replace("{column}", "set_at")],
    "crm_preferences/preference_unique": [TWICE],
    "crm_preferences/frequency_known": ["update {table} set frequency = 'daily' where rowid = 0"],
    "crm_preferences/relevance_on_its_scale": [
        "update {table} set relevance = 0 where rowid = 0",
        "update {table} set relevance = 6 where rowid = 0",
    ],
    "crm_preferences/contact_known": [STRANGERS],
    "crm_preferences/instants_plausible": [
        EPOCH.replace("{column}", "set_at"),
        FUTURE.replace("{column}", "set_at"),
    ],
    "crm_erasure_requests/request_id_present": [NULLABLE.replace("{column}", "request_id")],
    "crm_erasure_requests/request_id_unique": [TWICE],
    "crm_erasure_requests/requested_at_present": [NULLABLE.replace("{column}", "requested_at")],
    "crm_erasure_requests/somebody_named": [
        "update {table} set contact_id = null",
        "update {table} set contact_id = ' ', email = ''",
    ],
    "crm_erasure_requests/email_without_control_characters": ["update {table} set email = 'a@b.example' || chr(13)"],
    "crm_erasure_requests/instants_plausible": [
        EPOCH.replace("{column}", "requested_at"),
        FUTURE.replace("{column}", "requested_at"),
    ],
    "esp_sends/esp_present": [NULLABLE.replace("{column}", "esp")],
    "esp_sends/campaign_present": [NULLABLE.replace("{column}", "campaign")],
    "esp_sends/contact_id_present": [NULLABLE.replace("{column}", "contact_id")],
    "esp_sends/sent_at_present": [NULLABLE.replace("{column}", "sent_at")],
    "esp_sends/send_unique": [TWICE],
    "esp_sends/contact_known": [STRANGERS],
    "esp_sends/batch_known": ["update {table} set batch_key = 'elsewhere' where rowid = 0"],
    "esp_sends/instants_plausible": [
        EPOCH.replace("{column}", "sent_at"),
        FUTURE.replace("{column}", "sent_at"),
    ],
    "esp_events/esp_present": [NULLABLE.replace("{column}", "esp")],
    "esp_events/event_id_present": [NULLABLE.replace("{column}", "event_id")],
    "esp_events/event_unique": [TWICE],
    "esp_events/contact_id_present": [NULLABLE.replace("{column}", "contact_id")],
    "esp_events/event_present": [NULLABLE.replace("{column}", "event")],
    "esp_events/event_known": ["update {table} set event = 'spam' where rowid = 0"],
    "esp_events/actor_known": ["update {table} set actor = 'bot' where rowid = 0"],
    "esp_events/opens_have_tracking_consent": [
        "update raw.crm_contacts set tracking_consent = false where contact_id = 'c2'",
        "update raw.crm_contacts set tracking_consent = null where contact_id = 'c2'",
        "update {table} set event = 'opened' where contact_id = 'c1'",
    ],
    "esp_events/url_without_address": [
        "update {table} set url = 'https://shop.example/?e=a@b.example' where rowid = 0",
        "update {table} set url = 'https://shop.example/?e=a%40b.example' where rowid = 0",
    ],
    "esp_events/contact_known": [STRANGERS],
    "esp_events/occurred_at_present": [NULLABLE.replace("{column}", "occurred_at")],
    "esp_events/instants_plausible": [
        EPOCH.replace("{column}", "occurred_at"),
        FUTURE.replace("{column}", "occurred_at"),
    ],
    "postmaster_rates/day_present": [NULLABLE.replace("{column}", "day")],
    "postmaster_rates/domain_present": [NULLABLE.replace("{column}", "domain")],
    "postmaster_rates/rate_present": [NULLABLE.replace("{column}", "complaint_rate")],
    "postmaster_rates/rate_unique": [TWICE],
    "postmaster_rates/rate_is_a_share": [
        "update {table} set complaint_rate = 1.5",
        "update {table} set complaint_rate = -0.1",
    ],
    "postmaster_rates/rate_is_not_per_cent": ["update {table} set complaint_rate = 0.3"],
    "postmaster_rates/days_plausible": [
        "update {table} set day = '1970-01-01'",
        "update {table} set day = '1998-07-03'",
    ],
    "rejects/rejected_share_of_newest_load": [BAD_LOAD.replace("{rows}", "101")],
    "rejects/rejected_share_worth_a_look": [BAD_LOAD.replace("{rows}", "11")],
    "contacts/columns_present": ["alter table {table} drop column language"],
    "contacts/table_not_empty": ["delete from {table}"],
    "contacts/contact_id_present": ["update {table} set contact_id = null where rowid = 0"],
    "contacts/contact_id_unique": [TWICE],
    "contacts/contact_from_raw": [STRANGERS],
    "contacts/as_of_is_this_night": [NEXT_NIGHT, "update {table} set as_of = null where rowid = 0"],
    "contacts/mailbox_where_address": [
        "update {table} set mailbox_id = null where rowid = 0",
        "update {table} set email = null where rowid = 0",
    ],
    "contacts/mailbox_is_opaque": ["update {table} set mailbox_id = email where rowid = 0"],
    "contact_recency/contact_id_present": ["update {table} set contact_id = null where rowid = 0"],
    "contact_recency/contact_id_unique": [TWICE],
    "contact_recency/same_contacts_as_contacts": [
        STRANGERS,
        "delete from {table} where rowid = 0",
        "delete from marts.contacts where rowid = 0",
    ],
    "contact_recency/as_of_is_this_night": [NEXT_NIGHT],
    "contact_recency/nothing_from_the_future": [
        "update {table} set last_click_at = '1998-07-01' where rowid = 0",
        "update {table} set last_login_at = '1998-07-02' where rowid = 0",
    ],
    "contact_recency/days_since_not_negative": ["update {table} set days_since_open = -1 where rowid = 0"],
    "contact_recency/windows_nested": [
        "update {table} set opens_30d = 2 where rowid = 0",
        "update {table} set logins_180d = 2 where rowid = 0",
    ],
    "contact_recency/purchases_add_up": [
        "update {table} set purchase_days = 2 where rowid = 0",
        "update {table} set purchases_365d = 2 where rowid = 0",
        "update {table} set closed_gaps = 1 where rowid = 0",
        "update {table} set first_purchase_at = '1998-01-01' where rowid = 0",
    ],
    "regular_audience/contact_id_present": ["update {table} set contact_id = null where rowid = 0"],
    "regular_audience/contact_id_unique": [TWICE],
    "regular_audience/as_of_is_this_night": [NEXT_NIGHT],
    "regular_audience/frequency_present": ["update {table} set frequency = null where rowid = 0"],
    "regular_audience/frequency_known": ["update {table} set frequency = 'never' where rowid = 0"],
    "regular_audience/exactly_the_active_and_mailable": [
        STRANGERS,
        "delete from {table} where rowid = 0",
        "update marts.contact_status set status = 'dormant' where status = 'active'",
        "update marts.contact_status set is_mailable = false where status = 'active'",
    ],
    "regular_audience/one_per_mailbox": [
        "update marts.contacts set mailbox_id = 'm1' where contact_id in (select contact_id from {table} limit 2)",
    ],
    "contact_status/contact_id_present": ["update {table} set contact_id = null where rowid = 0"],
    "contact_status/contact_id_unique": [TWICE],
    "contact_status/same_contacts_as_contacts": [STRANGERS, "delete from {table} where rowid = 0"],
    "contact_status/as_of_is_this_night": [NEXT_NIGHT],
    "contact_status/status_present": ["update {table} set status = null where rowid = 0"],
    "contact_status/status_known": ["update {table} set status = 'asleep' where rowid = 0"],
    "contact_status/rule_present": ["update {table} set rule = null where rowid = 0"],
    "contact_status/rule_known": ["update {table} set rule = 'guess' where rowid = 0"],
    "contact_status/status_since_in_the_past": [
        "update {table} set status_since = '1998-07-02' where rowid = 0",
        "update {table} set status_since = null where rowid = 0",
    ],
    "contact_status/days_since_not_negative": ["update {table} set days_since = -1 where rowid = 0"],
    "contact_status/mailable_stated": ["update {table} set is_mailable = null where rowid = 0"],
    "contact_status/reason_exactly_when_not_mailable": [
        "update {table} set is_mailable = false where contact_id = 'c1'",
        "update {table} set is_mailable = true where contact_id = 'c20'",
    ],
    "contact_status/reason_known": ["update {table} set not_mailable_reason = 'mood' where contact_id = 'c20'"],
    "contact_status/only_active_drift": ["update {table} set is_drifting = true where contact_id = 'c1'"],
    "contact_status/objections_hold": [
        "update raw.esp_events set event = 'unsubscribed' where contact_id = 'c5'",
        "update raw.esp_events set event = 'complained' where contact_id = 'c5'",
        "update raw.esp_events set event = 'bounced_hard' where contact_id = 'c5'",
    ],
    "contact_status/few_change_in_a_night": ["update {table} set status_since = '1998-07-01' where rowid < 2"],
    "contact_status/some_are_mailable": ["update {table} set is_mailable = false"],
    "next_step/columns_present": ["alter table {table} drop column reason"],
    "next_step/contact_id_present": ["update {table} set contact_id = null where rowid = 0"],
    "next_step/contact_id_unique": [TWICE],
    "next_step/as_of_is_this_night": [NEXT_NIGHT],
    "next_step/nobody_unmailable": [
        "update marts.contact_status set is_mailable = false where contact_id = 'c1'",
        "delete from marts.contact_status where contact_id = 'c1'",
    ],
    "next_step/step_named": [
        "update {table} set step = null where rowid = 0",
        "update {table} set arm = 'holdout' where rowid = 0",
        "update {table} set arm = null where rowid = 0",
    ],
    "next_step/reason_present": ["update {table} set reason = null where rowid = 0"],
    "next_step/offer_cost_not_negative": ["update {table} set offer_cost = -0.01 where rowid = 0"],
    "next_step/nobody_due_for_erasure": [
        "update marts.erasure_due set contact_id = 'c1'",
        "update marts.erasure_due set contact_id = 'c1', reason = 'retention', days_overdue = 1",
    ],
    "campaign_position/contact_id_present": ["update {table} set contact_id = null where rowid = 0"],
    "campaign_position/contact_id_unique": [TWICE],
    "campaign_position/as_of_is_this_night": [NEXT_NIGHT],
    "campaign_position/nobody_lost": ["update marts.contact_status set status = 'lost'"],
    "campaign_position/treated_have_a_step": [
        "update {table} set step = null where rowid = 0",
        "update {table} set arm = 'holdout' where rowid = 0",
    ],
    "campaign_position/followed_by_one_thing": ["update {table} set next_step = 'second', exit = 'done'"],
    "held_back/contact_id_present": ["update {table} set contact_id = null where rowid = 0"],
    "held_back/contact_id_unique": [TWICE],
    "held_back/as_of_is_this_night": [NEXT_NIGHT],
    "held_back/reason_present": ["update {table} set reason = null where rowid = 0"],
    "held_back/not_in_next_step": ["update {table} set contact_id = 'c1'"],
    "campaign_messages/contact_id_present": ["update {table} set contact_id = null where rowid = 0"],
    "campaign_messages/message_unique": [TWICE],
    "campaign_messages/as_of_is_this_night": [NEXT_NIGHT],
    "campaign_messages/revenue_from_purchases": ["update {table} set purchased = false"],
    "campaign_messages/refused_messages_sell_nothing": ["update {table} set sent = false"],
    "campaign_results/campaign_and_step_unique": [TWICE],
    "campaign_results/as_of_is_this_night": [NEXT_NIGHT],
    "campaign_results/no_message_is_missing": ["update {table} set sent = 0", "delete from {table}"],
    "campaign_results/reactions_within_messages": ["update {table} set opened = 3"],
    "campaign_results/amounts_not_negative": [
        "update {table} set revenue = -1",
        "update {table} set spend_committed = -1",
    ],
    "campaign_lift/campaign_unique": [TWICE],
    "campaign_lift/as_of_is_this_night": [NEXT_NIGHT],
    "campaign_lift/verdict_known": ["update {table} set verdict = 'promising' where campaign = 'goodbye'"],
    "campaign_lift/no_verdict_before_its_day": ["update {table} set read_date = '1998-07-02' where verdict = 'better'"],
    "campaign_lift/converted_within_enrolled": [
        "update {table} set treated_converted = treated + 1 where campaign = 'winback'",
        "update {table} set holdout_converted = holdout + 1 where campaign = 'goodbye'",
    ],
    "campaign_lift/lift_within_its_interval": [
        "update {table} set lift = 0.08 where campaign = 'winback'",
        "update {table} set lift_low = null where campaign = 'winback'",
    ],
    "campaign_lift/verdict_agrees_with_the_interval": [
        "update {table} set lift_low = -0.01 where campaign = 'winback'",
        "update {table} set verdict = 'worse' where campaign = 'winback'",
    ],
    "deliverability/provider_and_day_unique": [TWICE],
    "deliverability/as_of_is_this_night": [NEXT_NIGHT],
    "deliverability/every_provider_has_a_row_of_this_night": [
        "delete from {table} where provider = 'other' and day = '1998-07-01'",
    ],
    "deliverability/verdict_known": ["update {table} set verdict = 'fine' where provider = 'other'"],
    "deliverability/a_halt_lets_nothing_through": [
        "update {table} set allowed_volume = null where verdict = 'halt'",
        "update {table} set allowed_volume = 0 where verdict = 'ok'",
    ],
    "deliverability/rates_are_shares": ["update {table} set complaint_rate = 1.1 where rowid = 0"],
    "deliverability/why_present": ["update {table} set why = null where rowid = 0"],
    "erasure_due/contact_id_present": ["update {table} set contact_id = null"],
    "erasure_due/contact_id_unique": [TWICE],
    "erasure_due/contact_known": ["update {table} set contact_id = 'nobody'"],
    "erasure_due/as_of_is_this_night": [NEXT_NIGHT],
    "erasure_due/reason_present": ["update {table} set reason = null"],
    "erasure_due/reason_known": ["update {table} set reason = 'whim'"],
    "erasure_due/due_on_present": ["update {table} set due_on = null"],
    "erasure_due/last_contact_before_due": ["update {table} set reason = 'retention', last_contact_at = '1998-07-30'"],
    "erasure_due/days_overdue_agree": [
        "update {table} set due_on = '1998-06-30'",
        "update {table} set days_overdue = 1",
        "update {table} set days_overdue = null",
    ],
    "erasure_due/nobody_overdue": ["update {table} set due_on = '1998-06-30', days_overdue = 1"],
    "audience/contact_id_unique": [TWICE],
    "audience/mailbox_id_unique": ["update {table} set mailbox_id = 'mc1' where rowid < 2"],
    "audience/nobody_unmailable": [
        "update {table} set is_mailable = false where rowid = 0",
        "update marts.contact_status set is_mailable = false where contact_id = 'c1'",
        "delete from marts.contact_status where contact_id = 'c1'",
    ],
    "audience/nobody_without_address": [
        "update {table} set has_address = false where rowid = 0",
        "update {table} set mailbox_id = null where rowid = 0",
    ],
    "audience/nobody_mailed_lately": ["update {table} set last_message_at = '1998-06-25' where rowid = 0"],
    "audience/nobody_had_this_step": ["update journal.batch_contacts set contact_id = 'c1'"],
    "audience/decided_by_next_step": [
        "update {table} set step = 'second' where rowid = 0",
        "delete from marts.next_step where contact_id = 'c1'",
    ],
    "audience/size_within_bounds": [
        "insert into {table} by name select * replace ('c9' as contact_id) from {table} limit 1"
    ],
    "audience/as_of_is_this_night": [NEXT_NIGHT],
}


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(data=tmp_path_factory.mktemp("good"))
    with Warehouse(settings).write("test") as connection:
        connection.execute(Path(__file__).with_name("quality_warehouse.sql").read_text(encoding="utf-8"))
    return settings.warehouse


def _alone(suite: Suite, identifier: str) -> Suite:
    rules = tuple(rule for rule in suite.expectations if rule.id == identifier)
    return suite.model_copy(update={"expectations": rules})


def _rules() -> set[str]:
    return {f"{name}/{rule.id}" for name, suite in SUITES.items() for rule in suite.expectations}


def test_every_rule_has_a_planted_fault() -> None:
    assert set(FAULTS) == _rules()


def test_no_rule_fails_on_good_data(good: Path) -> None:
    results = gx.run(good, {}, list(SUITES.values()))
    assert [result.line for result in results if result.passed != len(result.outcomes)] == []


@pytest.mark.parametrize("rule", FAULTS)
def test_a_rule_catches_its_fault(rule: str, good: Path, tmp_path: Path) -> None:
    name, identifier = rule.split("/")
    suite = _alone(SUITES[name], identifier)
    for number, fault in enumerate(FAULTS[rule]):
        file = shutil.copy(good, tmp_path / f"{number}.duckdb")
        with connect(Path(file)) as connection:
            connection.execute(fault.replace("{table}", suite.table))
        ((outcome,),) = [result.outcomes for result in gx.run(Path(file), {}, [suite])]
        assert outcome.state == "failed", f"{fault}: {outcome.what}"
        assert outcome.rows is None or outcome.rows > 0


def test_a_message_of_seven_days_ago_holds_nobody_back(good: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(good, tmp_path / "w.duckdb"))
    with connect(file) as connection:
        connection.execute("update journal.audience set last_message_at = '1998-06-24 23:59:59'")
    (result,) = gx.run(file, {}, [SUITES["audience"]])
    assert result.line == "audience: 9 checks passed"


@pytest.mark.parametrize(
    "name",
    ["crm_logins", "crm_interactions", "crm_preferences", "crm_erasure_requests", "esp_sends", "esp_events",
     "postmaster_rates", "rejects", "next_step", "erasure_due", "campaign_lift", "audience"],
)  # fmt: skip
def test_an_empty_optional_table_passes(name: str, good: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(good, tmp_path / "w.duckdb"))
    with connect(file) as connection:
        connection.execute(f"delete from {SUITES[name].table}")
    (result,) = gx.run(file, {}, [SUITES[name]])
    assert result.passed == len(result.outcomes), result.line


def test_every_allowed_kind_exists_in_great_expectations_with_these_arguments() -> None:
    from great_expectations.expectations.registry import get_expectation_impl

    from reveil.quality.suites import KINDS

    for kind, (required, optional) in KINDS.items():
        assert required | optional <= set(get_expectation_impl(kind).__fields__), kind
