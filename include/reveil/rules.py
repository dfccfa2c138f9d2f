"""Writes the campaign files into the rules.* tables, where the models read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from reveil.campaigns import Campaign, file_digest, message_texts, read_campaigns
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql

Row = Mapping[str, object]


def write_rules(settings: Settings) -> list[Campaign]:
    """Replace the rules.* tables by what the campaign files say now, in one transaction.

    Raises BadInput, before anything is touched, when a file is wrong.
    """
    campaigns = read_campaigns(settings.campaigns)
    tables = {
        "campaigns": [_campaign(one, file_digest(settings.campaigns, one)) for one in campaigns],
        "campaign_steps": [row for one in campaigns for row in _steps(one)],
        "campaign_transitions": [row for one in campaigns for row in _transitions(one)],
        "campaign_messages": [row for one in campaigns for row in _messages(settings, one)],
        "campaign_answers": [row for one in campaigns for row in _answers(one)],
        "offers": [row for one in campaigns for row in _offers(one)],
        "budgets": _budgets(campaigns),
    }
    with Warehouse(settings).write("write rules") as connection:
        connection.begin()
        connection.execute("drop schema if exists rules cascade")
        connection.execute(sql("rules"))
        for table, rows in tables.items():
            _fill(connection, f"rules.{table}", rows)
        connection.commit()
    return campaigns


def _campaign(campaign: Campaign, digest: str) -> Row:
    holdout = campaign.holdout
    return {
        "campaign": campaign.campaign,
        "audience": campaign.audience,
        "is_enabled": campaign.enabled,
        "first_step": campaign.first_step,
        "max_per_night": campaign.max_per_night,
        "default_language": campaign.default_language,
        "max_messages": campaign.max_messages,
        "cool_off_days": campaign.cool_off_days,
        "holdout_share": holdout.share if holdout else 0.0,
        "salt": holdout.salt if holdout else campaign.campaign,
        "observation_days": campaign.observation_days,
        "unknown_opens": campaign.unknown_opens,
        "conversion_days": campaign.conversion_days,
        "read_on": campaign.read_on,
        "path_days": campaign.path_days,
        "erases_early": campaign.erases_early,
        "file_digest": digest,
        "approve_above_contacts": campaign.approve_above.contacts,
        "approve_above_cost": campaign.approve_above.cost,
    }


def _steps(campaign: Campaign) -> Iterable[Row]:
    for name, step in campaign.steps.items():
        offer = campaign.offers[step.offer] if step.offer else None
        yield {
            "campaign": campaign.campaign,
            "step": name,
            "message": step.message,
            "offer": step.offer,
            "offer_cost": offer.committed if offer else 0,
            "wait_days": step.wait_days,
            "budget": offer.budget if offer else None,
            "currency": offer.currency if offer else None,
        }


def _transitions(campaign: Campaign) -> Iterable[Row]:
    for name, step in campaign.steps.items():
        for reaction, transition in step.reactions.items():
            otherwise = transition.otherwise
            yield {
                "campaign": campaign.campaign,
                "step": name,
                "reaction": reaction,
                "next_step": transition.step,
                "exit": transition.exit,
                "otherwise_step": otherwise.step if otherwise else None,
                "otherwise_exit": otherwise.exit if otherwise else None,
            }


def _messages(settings: Settings, campaign: Campaign) -> Iterable[Row]:
    for text in message_texts(settings.campaigns, campaign):
        yield {
            "campaign": text.campaign,
            "message": text.message,
            "language": text.language,
            "digest": text.digest,
        }


def _answers(campaign: Campaign) -> Iterable[Row]:
    for link, answer in campaign.answers.items():
        yield {
            "campaign": campaign.campaign,
            "link": link,
            "url": str(campaign.links[link]),
            "frequency": answer.frequency,
            "relevance": answer.relevance,
            "stays": answer.stay,
        }


def _offers(campaign: Campaign) -> Iterable[Row]:
    for name, offer in campaign.offers.items():
        yield {"campaign": campaign.campaign, "offer": name, **offer.model_dump()}


def _budgets(campaigns: Sequence[Campaign]) -> list[Row]:
    """Each budget once: campaigns that share one say the same of it."""
    budgets = {name: budget for one in campaigns for name, budget in one.budgets.items()}
    return [{"budget": name, **budget.model_dump()} for name, budget in budgets.items()]


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> None:
    if rows:
        columns = ", ".join(f'"{name}"' for name in rows[0])
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(
            f"insert into {table} ({columns}) values ({marks})", [list(row.values()) for row in rows]
        )
