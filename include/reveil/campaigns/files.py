"""Reads campaign files; every mistake is named with file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from reveil.campaigns.schema import Budget, Campaign
from reveil.errors import BadInput


def read_campaign(file: Path) -> Campaign:
    """One campaign file, without its texts. Raises BadInput naming file, key and what is allowed."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        names = ", ".join(sorted(other.stem for other in file.parent.glob("*.yml"))) or "none yet"
        raise BadInput(f"{file}: no such campaign; there are: {names}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadInput(f"{file}, line {mark.line + 1 if mark else '?'}: not valid YAML") from None
    try:
        campaign = Campaign.model_validate(document)
    except ValidationError as error:
        raise BadInput(f"{file}: {_explain(error)}") from None
    if campaign.campaign != file.stem:
        raise BadInput(f"{file}: campaign: must be the file's name, {file.stem}")
    return campaign


def find_campaign(folder: Path, campaign: str) -> Campaign:
    """One campaign as its file has it now. Raises BadInput."""
    return read_campaign(folder / f"{campaign}.yml")


def read_campaigns(folder: Path) -> list[Campaign]:
    """Every campaign file of the folder, in name order; its message files are checked, too.

    Raises BadInput naming file, key and what is allowed.
    """
    from reveil.campaigns.texts import message_texts

    campaigns = [read_campaign(file) for file in sorted(folder.glob("*.yml"))]
    _check_shared_budgets(folder, campaigns)
    for campaign in campaigns:
        for _ in message_texts(folder, campaign):
            pass
    return campaigns


def _check_shared_budgets(folder: Path, campaigns: list[Campaign]) -> None:
    seen: dict[str, tuple[str, Budget]] = {}
    for campaign in campaigns:
        for name, budget in campaign.budgets.items():
            owner, known = seen.setdefault(name, (campaign.campaign, budget))
            if known != budget:
                raise BadInput(
                    f"{folder / campaign.campaign}.yml: budgets.{name}: differs from the one in {owner}.yml; "
                    "campaigns that share a budget must say the same of it"
                )


def _explain(error: ValidationError) -> str:
    def one(problem: Any) -> str:
        key = ".".join(str(part) for part in problem["loc"])
        told = str(problem["msg"]).removeprefix("Value error, ")  # what spans several keys names them itself
        return f"{key}: {told}" if key else told

    return "; ".join(one(problem) for problem in error.errors(include_input=False, include_url=False))
