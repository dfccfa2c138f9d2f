"""The graph of a campaign's steps: every step is reached, every path ends, and no path sends too much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reveil.campaigns.schema import Campaign, Step, Target

SILENT = ("opened", "no_reaction")


def check_paths(campaign: Campaign) -> None:
    """Raise ValueError naming the key: a step that does not exist or is never reached, a loop, a path of more messages
    than max_messages, an `otherwise` without an offer to replace."""
    steps = campaign.steps
    if campaign.first_step not in steps:
        raise ValueError(f"first_step: no step of that name; steps are {', '.join(steps)}")
    for key, target in _targets(campaign):
        if target.step is not None and target.step not in steps:
            raise ValueError(f"{key}: no step of that name; steps are {', '.join(steps)}")
    _check_otherwise(campaign)
    longest = _longest(campaign, campaign.first_step, ())
    unreached = [name for name in steps if name not in _reached(campaign)]
    if unreached:
        raise ValueError(f"steps.{unreached[0]}: no path leads there; remove it or lead to it")
    if longest > campaign.max_messages:
        raise ValueError(f"max_messages: is {campaign.max_messages}, but the longest path sends {longest} messages")


def silent_days(campaign: Campaign) -> int:
    """Days from the first message to the last reading for somebody who never does more than open."""

    def days(name: str) -> int:
        step = campaign.steps[name]
        silent = [target for reaction, target in _of_step(step) if reaction in SILENT]
        return step.wait_days + max((days(target.step) for target in silent if target.step), default=0)

    return days(campaign.first_step)


def _of_step(step: Step) -> Iterator[tuple[str, Target]]:
    for reaction, transition in step.reactions.items():
        yield reaction, transition
        if transition.otherwise is not None:
            yield reaction, transition.otherwise


def _targets(campaign: Campaign) -> Iterator[tuple[str, Target]]:
    for name, step in campaign.steps.items():
        for reaction, target in _of_step(step):
            yield f"steps.{name}.reactions.{reaction}", target


def _check_otherwise(campaign: Campaign) -> None:
    for name, step in campaign.steps.items():
        for reaction, transition in step.reactions.items():
            key = f"steps.{name}.reactions.{reaction}.otherwise"
            if transition.otherwise is None:
                continue
            if transition.step is None or campaign.steps[transition.step].offer is None:
                raise ValueError(f"{key}: only where the step that is led to has an offer")


def _longest(campaign: Campaign, name: str, before: tuple[str, ...]) -> int:
    """Messages of the longest path from a step on. A step is sent once, so a path never comes back to one."""
    if name in before:
        raise ValueError(
            f"steps.{before[-1]}: a loop, since it leads back to {name} ({' → '.join((*before, name))}); "
            "a step is sent once, add another step instead"
        )
    ahead = [target.step for _, target in _of_step(campaign.steps[name]) if target.step]
    return 1 + max((_longest(campaign, step, (*before, name)) for step in ahead), default=0)


def _reached(campaign: Campaign) -> set[str]:
    reached: set[str] = set()
    ahead = [campaign.first_step]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += [target.step for _, target in _of_step(campaign.steps[name]) if target.step]
    return reached
