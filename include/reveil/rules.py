"""Writes the campaign files into the rules.* tables, where the models read them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from reveil.campaigns import Campaign, read_campaigns
from reveil.settings import Settings
from reveil.warehouse import Warehouse

Row = tuple[object, ...]

_CAMPAIGN = "campaign, audience, is_enabled, first_step, max_per_night, default_language"
_STEP = "campaign, step, message, offer, offer_cost"
_MESSAGE = "campaign, message, language"


def write_rules(settings: Settings) -> list[Campaign]:
    """Replace the rules.* tables by what the campaign files say now, in one transaction.

    Raises BadInput, before anything is touched, when a file is wrong.
    """
    campaigns = read_campaigns(settings.campaigns)
    with Warehouse(settings).write("write rules") as connection:
        connection.begin()
        _replace(connection, "rules.campaigns", _CAMPAIGN, [_campaign(campaign) for campaign in campaigns])
        _replace(connection, "rules.campaign_steps", _STEP, _steps(campaigns))
        _replace(connection, "rules.campaign_messages", _MESSAGE, _messages(campaigns))
        connection.commit()
    return campaigns


def _campaign(campaign: Campaign) -> Row:
    return (
        campaign.campaign,
        campaign.audience,
        campaign.enabled,
        campaign.first_step,
        campaign.max_per_night,
        campaign.default_language,
    )


def _steps(campaigns: Sequence[Campaign]) -> list[Row]:
    return [(one.campaign, name, step.message, None, 0) for one in campaigns for name, step in one.steps.items()]


def _messages(campaigns: Sequence[Campaign]) -> list[Row]:
    return [
        (one.campaign, name, language)
        for one in campaigns
        for name, message in one.messages.items()
        for language in message.subject
    ]


def _replace(connection: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Sequence[Row]) -> None:
    connection.execute(f"delete from {table}")
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into {table} ({columns}) values ({marks})", rows)
