"""The verbs that the command line and the DAGs share: one function each, settings and a night in,
a report out. Heavy libraries are imported by the verb that needs them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reveil import permission
from reveil.errors import BadInput
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import Warehouse

log = logging.getLogger("reveil")

if TYPE_CHECKING:
    from reveil.esp.listmonk import Listmonk

Group = Literal["raw", "marts", "audience"]


def utc_now() -> datetime:
    """The clock, naive UTC. Only the edges ask it; logic is given as_of."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def load(settings: Settings, as_of: datetime) -> Report:
    from reveil.load import load as load_landing

    return load_landing(settings, as_of)


def check(settings: Settings, as_of: datetime, group: Group) -> Report:
    from reveil.quality import check as run_suites

    return run_suites(settings, group, as_of)


def build(settings: Settings, as_of: datetime, full_refresh: bool = False) -> Report:
    from reveil.rules import write_rules
    from reveil.transform import build as run_dbt

    warehouse = Warehouse(settings)
    with warehouse.read("build: newest night") as connection:
        permission.require_newest_night(connection, as_of)
    write_rules(settings)
    return run_dbt(settings, as_of, full_refresh=full_refresh)


def document(settings: Settings) -> Report:
    """The models' documentation, of the night that they were built for."""
    from reveil.transform import document as write_docs

    return write_docs(settings, built_night(settings))


def publish(settings: Settings) -> Report:
    from reveil.publish import publish as write_copy

    return write_copy(settings)


def gather(settings: Settings, as_of: datetime) -> Report:
    from reveil.push import gather as read_feeds

    with connected(settings) as esp:
        return read_feeds(settings, esp, as_of)


def sync_regular(settings: Settings, as_of: datetime) -> Report:
    from reveil.push import sync_regular as bring_in_step

    with connected(settings) as esp:
        return bring_in_step(settings, esp, as_of, now=utc_now())


def plan(settings: Settings, as_of: datetime, approved_by: str | None = None) -> Report:
    from reveil.push import plan as write_audience

    return write_audience(settings, as_of, now=utc_now(), approved_by=approved_by)


def push(settings: Settings, as_of: datetime) -> Report:
    from reveil.push import dry_run
    from reveil.push import push as deliver

    if not permission.is_allowed(settings, "send"):
        return dry_run(settings, as_of, now=utc_now())
    with connected(settings) as esp:
        now = esp.sandbox_clock() if settings.esp.is_sandbox else utc_now()
        return deliver(settings, esp, as_of, now=now)


def push_tests(settings: Settings, as_of: datetime, address: str) -> Report:
    from reveil.push.trial import send_tests

    with connected(settings) as esp:
        return send_tests(settings, esp, as_of, address)


def esp_check(settings: Settings) -> Report:
    """What the provider lets us do, asked without sending or writing anything."""
    allowed = "allowed" if permission.is_allowed(settings, "send") else "not allowed (side_effects in settings.yml)"
    lines = [f"provider {settings.esp.provider}, sending is {allowed}", f"sender {settings.esp.from_email}"]
    with connected(settings) as esp:
        lines += esp.check()
        lines += esp.check_sender(settings.esp.from_email)
    return Report("esp check", tuple(lines), {"sentences": lines})


def guard(settings: Settings, change: Literal["halt", "lift"], provider: str, why: str) -> Report:
    """A person's word about a mailbox provider, noted for the night that the marts are of: it holds at once."""
    from reveil.push.guards import change_guard

    return change_guard(settings, change, provider, why, built_night(settings), lambda: connected(settings))


def erase_due(settings: Settings, as_of: datetime) -> Report:
    """Who is due, as counts; deletes nothing."""
    from reveil.erasure import due_list

    return due_list(settings, as_of, now=utc_now())


def erase(settings: Settings, as_of: datetime, approve: str | None = None) -> Report:
    """Everybody who is due, whatever the day."""
    from reveil.erasure import erase as run_erasure

    return run_erasure(settings, connected, as_of, now=utc_now(), approve=approve)


def erase_tonight(settings: Settings, as_of: datetime, approved_by: str | None = None) -> Report:
    """Requests every night; retention on the weekday of the settings."""
    from reveil.erasure import erase as run_erasure
    from reveil.erasure import kinds_of_night

    kinds = kinds_of_night(settings, as_of)
    return run_erasure(settings, connected, as_of, now=utc_now(), approve=approved_by, kinds=kinds)


def close_night(settings: Settings, as_of: datetime) -> Report:
    """With the sandbox, its clock moves on to the next night, and its recipients react meanwhile."""
    if not settings.esp.is_sandbox:
        return Report("close night", ("the ESP's own time goes on",))
    tomorrow = as_of + timedelta(days=1)
    with connected(settings) as esp:
        now = esp.move_sandbox_clock(tomorrow)
    sentence = f"the sandbox's clock shows {now:%Y-%m-%d %H:%M}"
    return Report("close night", (sentence,), {"sandbox_clock": now.isoformat()})


STEPS: dict[str, Callable[[Settings, datetime], Report]] = {
    "gather": gather,
    "load": load,
    "check raw": lambda settings, as_of: check(settings, as_of, "raw"),
    "build": build,
    "check marts": lambda settings, as_of: check(settings, as_of, "marts"),
    "publish": lambda settings, _: publish(settings),
    "sync regular": sync_regular,
    "plan": plan,
    "check audience": lambda settings, as_of: check(settings, as_of, "audience"),
    "push": push,
    "erase": erase_tonight,
    "close night": close_night,
}
"""A night, in order."""

APPROVABLE: dict[str, Callable[[Settings, datetime, str], Report]] = {"plan": plan, "erase": erase_tonight}
"""The steps that may need a person's approval."""


def take(step: str, settings: Settings, as_of: datetime, approved_by: str | None = None) -> Report:
    """One step of a night, logged as it happens; its figures tell the seconds that it took. `approved_by` names who
    approved a step that asked for it."""
    started = time.monotonic()
    report = APPROVABLE[step](settings, as_of, approved_by) if approved_by else STEPS[step](settings, as_of)
    for line in report.lines:
        log.info("%s: %s", step, line)
    seconds = round(time.monotonic() - started, 2)
    return Report(report.verb, report.lines, {**report.figures, "seconds": seconds})


@contextmanager
def located(settings: Settings, clock: datetime | None = None) -> Iterator[Settings]:
    """Settings with an address: where they name the sandbox without one, an embedded sandbox is started (a new one at
    `clock`) and stopped at the end."""
    if not settings.esp.is_sandbox or settings.esp.url:
        yield settings
        return
    from reveil.sandbox import running

    with running(settings.sandbox, clock=clock) as handle:
        yield settings.with_esp(url=handle.url, user=handle.user, token=handle.token)


@contextmanager
def connected(settings: Settings) -> Iterator[Listmonk]:
    """The provider of the settings, started where it is an embedded sandbox."""
    with located(settings) as there:
        yield connect(there)


def sandbox_now(settings: Settings) -> datetime:
    """The sandbox's clock, naive UTC."""
    with connected(settings) as esp:
        return esp.sandbox_clock()


def connect(settings: Settings) -> Listmonk:
    """The adapter of the settings' provider, checked to be the sandbox where they say so.

    Raises BadInput when address or credentials are missing.
    """
    from reveil.esp.http import HttpSession
    from reveil.esp.listmonk import Listmonk

    esp = settings.esp
    if not (esp.url and esp.user and esp.token.get_secret_value()):
        raise BadInput(
            "no address or credentials for the ESP; set the connection esp_default in Airflow, or REVEIL_ESP_URL, "
            "REVEIL_ESP_USER and REVEIL_ESP_TOKEN"
        )
    http = HttpSession(esp.url, (esp.user, esp.token.get_secret_value()), esp.timeout_seconds, esp.attempts)
    adapter = Listmonk(http, esp.provider, esp.page_size, esp.poll_seconds, esp.import_wait_seconds)
    if esp.is_sandbox:
        adapter.sandbox_clock()
    return adapter


def built_night(settings: Settings) -> datetime:
    """The night that the marts were built for; the clock where there are none yet."""
    with Warehouse(settings).read("built night") as connection:
        return permission.marts_night(connection) or utc_now()


def sample(settings: Settings, name: str, source: Path | None = None) -> Report:
    """Write a sample's landing files. BadInput where a warehouse exists already, whatever its origin."""
    from reveil.samples import cdnow, online_retail

    if settings.warehouse.exists():
        raise BadInput(
            f"{settings.warehouse}: exists; sample data is only written for a new one (another REVEIL_DATA, perhaps)"
        )
    if name == "cdnow":
        return cdnow.write(settings.landing)
    if source is None:
        raise BadInput("online-retail: name the file with --from")
    return online_retail.write(settings.landing, source)
