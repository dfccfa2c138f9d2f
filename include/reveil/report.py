"""What a verb tells: sentences for people, figures for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Report:
    """The outcome of one verb. `lines` are for a terminal or a task log, `figures` are
    JSON-serialisable counts, ids of runs and paths. Neither holds personal data."""

    verb: str
    lines: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
