"""A message as it would be sent, with made-up values where a contact's would stand."""

from __future__ import annotations

from datetime import date

from reveil.campaigns import find_campaign, find_message, substitute
from reveil.errors import BadInput
from reveil.report import Report
from reveil.settings import Settings

SAMPLE = {"first_name": "Camille", "unsubscribe_url": "https://unsubscribe.example/one-click"}


def render(settings: Settings, campaign: str, step: str, language: str | None, night: date) -> Report:
    """Subject, text and HTML of a step's message, its offer as of `night`; writes and asks nothing.

    Raises BadInput for a campaign, step or language that the files do not have.
    """
    found = find_campaign(settings.campaigns, campaign)
    if step not in found.steps:
        raise BadInput(f"{campaign}: no step {step}; steps are {', '.join(found.steps)}")
    message = found.steps[step].message
    chosen = language or found.default_language
    languages = found.messages[message].subject
    if chosen not in languages:
        raise BadInput(f"{campaign}/{step}: no text in {chosen}; there are {', '.join(languages)}")
    text = find_message(settings.campaigns, campaign, message, chosen, night)
    subject, plain, html = (substitute(words, SAMPLE, text.links) for words in (text.subject, text.text, text.html))
    lines = (f"subject: {subject}", "", *plain.splitlines(), "", "--- HTML ---", *html.splitlines())
    figures = {"campaign": campaign, "step": step, "language": chosen, "subject": subject, "text": plain, "html": html}
    return Report("render", lines, figures)
