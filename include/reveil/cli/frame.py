"""What every verb of the command line shares: settings, report, exit code, and how an instant is written."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from types import TracebackType
from typing import Any

import click

from reveil.errors import BadInput, ReveilError
from reveil.instants import parse_instant
from reveil.report import Report
from reveil.settings import Settings, load_settings

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
            run_verb(called, as_json, lambda settings: function(settings, **options))

        return run

    return decorate


def run_verb(name: str, as_json: bool, work: Callable[[Settings], Report]) -> None:
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
