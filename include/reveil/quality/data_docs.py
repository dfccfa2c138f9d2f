"""Data Docs: what was checked, why, and what came out, as a static site.

    data_docs/index.html                 the newest nights, one line per check
    data_docs/<night>/<group>.html       the rules of a group with their outcomes
    data_docs/<night>/<group>.json       the same for programs

Great Expectations' own pages are not used: they load their styles and the index itself from
six public hosts, so that they are empty where there is no network. These need none, hold no
script, and are written from `Outcome`s, which have no room for a value.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import yaml

from reveil.quality.outcome import Outcome, SuiteOutcome
from reveil.quality.suites import NO_ROWS

NIGHTS_KEPT = 90
"""Older nights are deleted. A night's pages are about 100 kB."""

_PAGE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
_WORDS = {"passed": "passed", "warned": "warning", "failed": "failed"}


def write(folder: Path, group: str, as_of: datetime, results: Sequence[SuiteOutcome]) -> Path:
    """Write the page of a group's check of a night, and the index anew. Returns the page's path."""
    night = folder / as_of.strftime("%Y-%m-%dT%H%M%S")
    night.mkdir(parents=True, exist_ok=True)
    _replace(night / f"{group}.json", json.dumps(_figures(results), indent=2))
    page = night / f"{group}.html"
    title = f"{group}, as of {as_of.isoformat(sep=' ')} UTC"
    _replace(page, _PAGE.substitute(title=escape(title), up="../index.html", body=_group(results)))
    _forget_old(folder)
    _replace(folder / "index.html", _PAGE.substitute(title="Data Docs", up="index.html", body=_index(folder)))
    return page


def _replace(file: Path, text: str) -> None:
    """Write a file so that a reader sees the old or the new one, never half of it."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


def _figures(results: Iterable[SuiteOutcome]) -> dict[str, Any]:
    return {
        result.suite.name: {
            outcome.expectation.id: {
                "state": _state(outcome),
                "rows": outcome.rows,
                "error": outcome.error,
            }
            for outcome in result.outcomes
        }
        for result in results
    }


def _state(outcome: Outcome) -> str:
    return "failed" if outcome.blocks else "warned" if outcome.warns else "passed"


def _group(results: Iterable[SuiteOutcome]) -> str:
    return "\n".join(_suite(result) for result in results)


def _suite(result: SuiteOutcome) -> str:
    suite = result.suite
    rows = "\n".join(_row(outcome) for outcome in result.outcomes)
    return (
        f'<section id="{escape(suite.name)}"><h2>{escape(suite.name)} <code>{escape(suite.table)}</code></h2>'
        f"<p>{escape(suite.note)}</p><table><thead><tr><th>outcome</th><th>expectation</th><th>why</th>"
        f"<th>rule</th></tr></thead><tbody>\n{rows}\n</tbody></table></section>"
    )


def _row(outcome: Outcome) -> str:
    expectation, state = outcome.expectation, _state(outcome)
    told = _WORDS[state] if state == "passed" else f"{_WORDS[state]}: {outcome.what}"
    severity = " <small>warns only</small>" if expectation.severity == "warn" else ""
    return (
        f'<tr class="{state}"><td>{escape(told)}</td><td>{escape(expectation.id)}{severity}</td>'
        f"<td>{escape(expectation.note)}</td><td><details><summary>{escape(expectation.type)}</summary>"
        f"<pre>{escape(_rule(outcome))}</pre></details></td></tr>"
    )


def _rule(outcome: Outcome) -> str:
    kwargs = outcome.expectation.kwargs
    if outcome.expectation.type == NO_ROWS:
        mostly = f"\n-- for at least {kwargs['mostly']:.2%} of the rows" if "mostly" in kwargs else ""
        return f"-- no row may come back{mostly}\n{kwargs['query']}"
    return yaml.safe_dump(kwargs, sort_keys=False).strip() if kwargs else "no arguments"


def _nights(folder: Path) -> list[Path]:
    """The nights' folders, newest first."""
    return sorted((path for path in folder.iterdir() if path.is_dir()), reverse=True)


def _forget_old(folder: Path) -> None:
    for night in _nights(folder)[NIGHTS_KEPT:]:
        shutil.rmtree(night)


def _index(folder: Path) -> str:
    lines = "\n".join(_index_row(night, file) for night in _nights(folder) for file in sorted(night.glob("*.json")))
    return (
        "<p>Every check of the warehouse, the newest night first. Pages hold rules and counts, "
        "no personal data.</p><table><thead><tr><th>outcome</th><th>as of (UTC)</th><th>check</th>"
        f"<th>passed</th><th>warnings</th><th>failed</th></tr></thead><tbody>\n{lines}\n</tbody></table>"
    )


def _index_row(night: Path, file: Path) -> str:
    suites = json.loads(file.read_text(encoding="utf-8"))
    states = [each["state"] for suite in suites.values() for each in suite.values()]
    counts = {state: states.count(state) for state in _WORDS}
    worst = next((state for state in ("failed", "warned") if counts[state]), "passed")
    link = f"{night.name}/{file.stem}.html"
    return (
        f'<tr class="{worst}"><td>{_WORDS[worst]}</td><td>{escape(night.name)}</td>'
        f'<td><a href="{escape(link)}">{escape(file.stem)}</a></td>'
        f"<td>{counts['passed']}</td><td>{counts['warned']}</td><td>{counts['failed']}</td></tr>"
    )
