"""The command line: the same verbs as the DAGs.

Exit codes: 0 done, 1 a check or guard said no, 2 bad use or bad input.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import click

from reveil import verbs
from reveil.errors import BadInput, ReveilError
from reveil.instants import parse_instant
from reveil.report import Report
from reveil.settings import Settings, load_settings, provide_airflow_environment

Verb = Callable[..., Report]


class Instant(click.ParamType[datetime]):
    """A night: a date or an ISO instant, read as UTC."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(value)
        except BadInput as error:
            self.fail(str(error), param, ctx)


class Days(click.ParamType[timedelta]):
    """A number of days: `7d` or `7`."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        number = str(value).removesuffix("d")
        if not number.isdecimal():
            self.fail("must be a number of days such as 7d", param, ctx)
        return timedelta(days=int(number))


as_of_option = click.option("--as-of", type=Instant(), required=True, help="The night, e.g. 1998-07-01 (UTC).")


@click.group()
@click.option("--debug", is_flag=True, help="Show the steps on stderr.")
def main(debug: bool) -> None:
    """Finds contacts who drift away, wins them back, and erases their data on time."""
    sys.excepthook = tell_unexpected
    logging.basicConfig(stream=sys.stderr, level=logging.INFO if debug else logging.WARNING, format="%(message)s")


def tell_unexpected(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
    """What Python prints of an error that nobody foresaw, less its text: that may quote a cell."""
    click.echo("".join(traceback.format_tb(trace)) + f"unexpected {kind.__name__} (its text may hold data)", err=True)


def verb(name: str, group: click.Group = main, **attributes: Any) -> Callable[[Verb], click.Command]:
    """A command that gets the settings, prints its report (as JSON with --json) and exits with the error's code."""

    def decorate(function: Verb) -> click.Command:
        called = name if group is main else f"{group.name} {name}"

        @group.command(name, help=function.__doc__, **attributes)
        @click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
        @wraps(function)
        def run(as_json: bool, **options: Any) -> None:
            _run(called, as_json, lambda settings: function(settings, **options))

        return run

    return decorate


def _run(name: str, as_json: bool, work: Callable[[Settings], Report]) -> None:
    try:
        report = work(load_settings())
    except ReveilError as error:
        _fail(name, error, as_json)
    _show(report, as_json)


def _show(report: Report, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"verb": report.verb, **report.figures}))
    else:
        for line in report.lines:
            click.echo(line)


def _fail(name: str, error: ReveilError, as_json: bool) -> None:
    click.echo(f"reveil {name}: {error}", err=True)
    if as_json:
        click.echo(json.dumps({"verb": name, "error": str(error)}))
    sys.exit(error.exit_code)


@verb("load")
@click.option("--landing", type=click.Path(path_type=Path, file_okay=False), help="Another landing folder.")
@click.option("--check", is_flag=True, help="Read and report; write nothing.")
@click.option("--as-of", type=Instant(), help="The night that a contact's first load is noted for; default now.")
def load(settings: Settings, landing: Path | None, check: bool, as_of: datetime | None) -> Report:
    """Landing files into the raw tables."""
    from reveil.load import load as load_landing

    return load_landing(settings, as_of or verbs.utc_now(), landing=landing, check=check)


@verb("check")
@click.argument("group", type=click.Choice(["raw", "marts", "audience"]))
@click.option("--as-of", type=Instant(), help="The night; default the one that the marts were built for.")
def check(settings: Settings, group: verbs.Group, as_of: datetime | None) -> Report:
    """Run the suites of expectations; exit 1 when one fails."""
    return verbs.check(settings, as_of or verbs.built_night(settings), group)


@verb("build")
@as_of_option
@click.option("--full-refresh", is_flag=True, help="Rebuild what is otherwise added to.")
def build(settings: Settings, as_of: datetime, full_refresh: bool) -> Report:
    """Build the dbt models as of a night."""
    return verbs.build(settings, as_of, full_refresh)


@verb("publish")
def publish(settings: Settings) -> Report:
    """Write the copy that analysts read, without personal columns."""
    return verbs.publish(settings)


@verb("docs")
def docs(settings: Settings) -> Report:
    """Write the models' documentation and lineage as one HTML file."""
    return verbs.document(settings)


@verb("gather")
@click.option("--as-of", type=Instant(), help="The night that is noted; default now.")
def gather(settings: Settings, as_of: datetime | None) -> Report:
    """Read what recipients did from the ESP."""
    return verbs.gather(settings, as_of or verbs.utc_now())


@verb("sync-regular")
@as_of_option
def sync_regular(settings: Settings, as_of: datetime) -> Report:
    """Bring the ESP's lists of regular messages in step with who is active and may be mailed."""
    return verbs.sync_regular(settings, as_of)


@verb("preview")
@click.option("--campaign", help="One campaign only.")
def preview(settings: Settings, campaign: str | None) -> Report:
    """Who would be mailed tonight, by campaign, provider and language, what it may cost, and who is held back and why;
    nothing is written."""
    from reveil.push.preview import preview as count

    return count(settings, campaign)


@verb("render")
@click.argument("campaign")
@click.argument("step")
@click.option("--lang", "language", help="Default: the campaign's own.")
@click.option("--as-of", type=Instant(), help="The night from which an offer runs; default today.")
def render(settings: Settings, campaign: str, step: str, language: str | None, as_of: datetime | None) -> Report:
    """A message as sent, with made-up values where a contact's would stand."""
    from reveil.render import render as show

    return show(settings, campaign, step, language, (as_of or verbs.utc_now()).date())


@verb("push")
@as_of_option
@click.option("--test-to", metavar="ADDRESS", help="Send each message to this address alone; nobody else is mailed.")
@click.option("--approve", "approved_by", metavar="NAME", help="Who lets a new campaign file or a large night go on.")
def push(settings: Settings, as_of: datetime, test_to: str | None, approved_by: str | None) -> Report:
    """Plan, check and push tonight's audience; resumes what was interrupted."""
    if test_to:
        return verbs.push_tests(settings, as_of, test_to)
    verbs.plan(settings, as_of, approved_by)
    verbs.check(settings, as_of, "audience")
    return verbs.push(settings, as_of)


@verb("esp")
@click.argument("action", type=click.Choice(["check"]), expose_value=False)
def esp(settings: Settings) -> Report:
    """Ask the provider about connection, sender, lists and attributes; sends nothing."""
    return verbs.esp_check(settings)


@verb("guard")
@click.argument("change", type=click.Choice(["halt", "lift"]))
@click.argument("provider")
@click.option("--why", required=True, help="The reason, shown to whoever looks at the guard.")
def guard(settings: Settings, change: Literal["halt", "lift"], provider: str, why: str) -> Report:
    """Halt all campaigns' messages to a mailbox provider, running ones too, or let it go again."""
    return verbs.guard(settings, change, provider, why)


@verb("results")
@click.option("--campaign", help="One campaign only.")
def results(settings: Settings, campaign: str | None) -> Report:
    """What campaigns led to, and their lift against the holdout, from the published copy."""
    from reveil.results import results as tell

    return tell(settings, campaign)


@main.group("erase", invoke_without_command=True)
@click.option("--as-of", type=Instant(), help="The night, e.g. 1998-07-01 (UTC).")
@click.option("--execute", is_flag=True, help="Erase them; without it nothing is deleted.")
@click.option("--approve", metavar="NAME", help="Who approved the first run of a kind, or one of unusual size.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def erase(context: click.Context, as_of: datetime | None, execute: bool, approve: str | None, as_json: bool) -> None:
    """Who is due for erasure, as counts; with --execute they are erased, and an interrupted erasure goes on."""
    if context.invoked_subcommand:
        return
    if as_of is None:
        raise click.UsageError("Missing option '--as-of'.", context)
    if execute:
        _run("erase", as_json, lambda settings: verbs.erase(settings, as_of, approve))
    else:
        _run("erase", as_json, lambda settings: verbs.erase_due(settings, as_of))


@verb("request", erase)
@click.argument("contact_id", required=False)
@click.option("--requested-at", type=Instant(), help="When the person asked; default now.")
def erase_request(settings: Settings, contact_id: str | None, requested_at: datetime | None) -> Report:
    """Note that a person asks to be erased: a contact id, or addresses on stdin, one a line."""
    from reveil.erasure.requests import note_requests

    addresses = [] if contact_id else _lines_given()
    return note_requests(settings, contact_id, addresses, requested_at or verbs.utc_now())


@verb("replay", erase)
def erase_replay(settings: Settings) -> Report:
    """After restoring an old warehouse: mark whoever was erased since for the next erasure."""
    from reveil.erasure.requests import replay

    return replay(settings, verbs.utc_now())


@verb("lookup", erase)
def erase_lookup(settings: Settings) -> Report:
    """Whether, when and why a person was erased: addresses or contact ids on stdin, one a line."""
    from reveil.erasure.requests import look_up

    return look_up(settings, _lines_given())


@verb("rotate-key", erase)
def erase_rotate_key(settings: Settings) -> Report:
    """Make a new key for suppression entries; keep the older ones."""
    from reveil.erasure.requests import rotate_key

    return rotate_key(settings)


def _lines_given() -> list[str]:
    """The lines of the standard input that are not empty."""
    return [line.strip() for line in sys.stdin if line.strip()]


@verb("verify", erase)
def erase_verify(settings: Settings) -> Report:
    """Search every file and table for addresses or contact ids on stdin, one a line: how, how much, and where. With an
    empty stdin: for everybody who was erased, by the HMACs of what stands there."""
    from reveil.erasure import verify_now

    return verify_now(settings, _lines_given(), verbs.utc_now())


@verb("certificate", erase)
@click.argument("run_id")
def erase_certificate(settings: Settings, run_id: str) -> Report:
    """What a run deleted and how that was proven, as HTML and JSON in the outbox; it names nobody."""
    from reveil.erasure import certificate

    return certificate(settings, run_id)


@verb("status")
def status(settings: Settings) -> Report:
    """Counts, freshness and what is overdue, from the published copy."""
    from reveil.status import status as read_status

    return read_status(settings)


@verb("explain")
@click.argument("contact_id")
def explain(settings: Settings, contact_id: str) -> Report:
    """Why this contact is where it is, with the dates, from the published copy."""
    from reveil.explain import explain as tell

    return tell(settings, contact_id)


@verb("doctor")
def doctor(settings: Settings) -> Report:
    """Check settings, files, disk, warehouse and ESP; sends nothing."""
    from reveil.doctor import doctor as examine

    return examine(settings)


@verb("pause")
@click.option("--why", required=True, help="The reason, shown to whoever is stopped by it.")
def pause(settings: Settings, why: str) -> Report:
    """Stop all side effects until `reveil resume`."""
    settings.pause_file.parent.mkdir(parents=True, exist_ok=True)
    settings.pause_file.write_text(why + "\n", encoding="utf-8")
    return Report("pause", ("paused: nothing leaves until `reveil resume`",), {"paused": True})


@verb("resume")
def resume(settings: Settings) -> Report:
    """Lift `reveil pause`."""
    settings.pause_file.unlink(missing_ok=True)
    return Report("resume", ("side effects may happen again, as the settings allow",), {"paused": False})


@verb("sample")
@click.argument("name", type=click.Choice(["cdnow", "online-retail"]))
@click.option("--from", "source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def sample(settings: Settings, name: str, source: Path | None) -> Report:
    """Write landing files from a real purchase log, for a warehouse that does not exist yet."""
    return verbs.sample(settings, name, source)


@verb("nightly")
@click.option("--as-of", type=Instant(), help="The night; default the next one.")
@click.option("--airflow", "through_airflow", is_flag=True, help="Run the four DAGs in Airflow, in this process.")
@click.option("--sample", "sample_name", type=click.Choice(["cdnow"]), help="Write it if there is no data yet.")
def nightly(settings: Settings, as_of: datetime | None, through_airflow: bool, sample_name: str | None) -> Report:
    """A whole night: gather, load, check, build, check, publish, sync, plan, check, push, erase."""
    from reveil import nightly as night

    logging.getLogger("reveil").setLevel(logging.INFO)  # a night takes a while: its progress is shown
    if sample_name and night.is_fresh(settings):
        click.echo(f"a new warehouse: writing the sample {sample_name} into {settings.landing}", err=True)
        verbs.sample(settings, sample_name)
    if through_airflow:
        provide_airflow_environment(settings)
        from reveil.airflow.night import run_dags

        return night.nightly(settings, as_of, run_dags)
    return night.nightly(settings, as_of, night.run_steps)


@verb("replay")
@click.option("--from", "first", type=Instant(), required=True, help="The first night, e.g. 1997-07-01.")
@click.option("--to", "last", type=Instant(), required=True, help="The last night.")
@click.option("--every", type=Days(), default="7d", show_default=True, help="Days between two nights.")
@click.option("--sample", "sample_name", type=click.Choice(["cdnow"]), help="Write it if there is no data yet.")
def replay(settings: Settings, first: datetime, last: datetime, every: timedelta, sample_name: str | None) -> Report:
    """Many nights with the sandbox, in a data folder of their own: a table of results and a plot."""
    from reveil.nightly import is_fresh
    from reveil.replay import replay as play

    logging.getLogger("reveil").setLevel(logging.INFO)
    if sample_name and is_fresh(settings):
        verbs.sample(settings, sample_name)
    return play(settings, first, last, every)


@verb("sandbox")
@click.option("--port", type=int, default=0, help="Default: a free one.")
def sandbox(settings: Settings, port: int) -> Report:
    """Run the embedded ESP until interrupted."""
    from reveil.sandbox import serve

    serve(settings.sandbox, port)
    return Report("sandbox", ("stopped",))


@verb("up")
def up(settings: Settings) -> Report:
    """Airflow's pages and scheduler on this folder, with the sandbox beside them, until interrupted."""
    provide_airflow_environment(settings)
    from reveil.airflow.night import standalone

    with verbs.located(settings) as there:
        return standalone(there)


@verb("airflow-clean")
def airflow_clean(settings: Settings) -> Report:
    """Remove Airflow's runs, their results and logs older than log_keep_days."""
    provide_airflow_environment(settings)
    from reveil.airflow.clean import clean

    return clean(settings, verbs.utc_now())
