"""What came out of a check: counts and names, never a value from the tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from reveil.quality.suites import Expectation, Suite

State = Literal["passed", "failed", "error"]


@dataclass(frozen=True)
class Outcome:
    """One expectation's outcome.

    `rows` counts the offending rows, None where the rule is about the table as a whole (then
    `seen` is the table's row count, if that is the rule). `error` is the class of what was raised:
    its text may quote values and is not kept.
    """

    expectation: Expectation
    state: State
    rows: int | None = None
    seen: int | None = None
    error: str | None = None

    @property
    def blocks(self) -> bool:
        return self.state != "passed" and self.expectation.severity == "block"

    @property
    def warns(self) -> bool:
        return self.state != "passed" and self.expectation.severity == "warn"

    @property
    def what(self) -> str:
        """The outcome in a few words."""
        if self.state == "passed":
            return "passed"
        if self.error is not None:
            return f"could not be evaluated: {self.error}"
        if self.rows is not None:
            return f"{self.rows} {'row' if self.rows == 1 else 'rows'}"
        return "does not hold" if self.seen is None else f"the table has {self.seen} rows"


@dataclass(frozen=True)
class SuiteOutcome:
    """One suite's outcomes, in the order of its file."""

    suite: Suite
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> int:
        return sum(outcome.state == "passed" for outcome in self.outcomes)

    @property
    def failed(self) -> int:
        return sum(outcome.blocks for outcome in self.outcomes)

    @property
    def warned(self) -> int:
        return sum(outcome.warns for outcome in self.outcomes)

    @property
    def line(self) -> str:
        """The suite in one line, what did not pass by its id."""
        rest = [
            f"{'failed' if outcome.blocks else 'warning'} {outcome.expectation.id} ({outcome.what})"
            for outcome in self.outcomes
            if outcome.state != "passed"
        ]
        checks = "check" if self.passed == 1 else "checks"
        return "; ".join([f"{self.suite.name}: {self.passed} {checks} passed", *rest])


def failures(results: Iterable[SuiteOutcome]) -> list[str]:
    """`suite/id (count)` of each expectation that stops the run."""
    return [
        f"{result.suite.name}/{outcome.expectation.id} ({outcome.what})"
        for result in results
        for outcome in result.outcomes
        if outcome.blocks
    ]
