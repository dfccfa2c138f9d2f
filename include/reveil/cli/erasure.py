"""`reveil erase` and what belongs to it."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from reveil import verbs
from reveil.cli.frame import Instant, main, run_verb, verb
from reveil.report import Report
from reveil.settings import Settings


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
        run_verb("erase", as_json, lambda settings: verbs.erase(settings, as_of, approve))
    else:
        run_verb("erase", as_json, lambda settings: verbs.erase_due(settings, as_of))


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


def _lines_given() -> list[str]:
    """The lines of the standard input that are not empty."""
    return [line.strip() for line in sys.stdin if line.strip()]
