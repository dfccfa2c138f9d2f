"""The verbs of a night, of whoever looks at it, and of the machine under it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import click

from reveil import verbs
from reveil.cli.frame import Days, Instant, as_of_option, verb
from reveil.report import Report
from reveil.settings import Settings, provide_airflow_environment


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
