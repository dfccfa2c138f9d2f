"""A run's folder: who, how far, and what is still to be looked for. It is the only memory of a run while the rows
go, so every write reaches the disk before the next step; nobody else may read it, and it is removed last.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from reveil.checkpoint import sync
from reveil.settings import Settings

Kind = Literal["requests", "retention"]
REASONS: dict[Kind, tuple[str, ...]] = {"requests": ("request",), "retention": ("retention", "account", "goodbye")}
"""Each kind is a run of its own, with a certificate of its own."""


@dataclass(frozen=True)
class Person:
    """Somebody on a run's list."""

    contact_id: str
    reason: str
    last_contact_at: str
    address: str | None
    spellings: tuple[str, ...]
    esp_ids: tuple[str, ...]
    clicks: int
    had_objected: bool
    shares_mailbox: bool = False
    """Somebody who stays has the same address: the subscriber at the provider is theirs, too."""


@dataclass(frozen=True)
class State:
    """How far a run is: `done` is the last step that was finished; `facts` is what steps hand on, without a person."""

    run_id: str
    kind: Kind
    as_of: datetime
    done: str = ""
    approved_by: str | None = None
    waivers: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class RunFolder:
    """erasure/<run>/: state.json, people.jsonl, and one file of ids for each thing that happened to some of them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls, settings: Settings, state: State, people: Iterable[Person]) -> RunFolder:
        """The folder appears whole or not at all."""
        settings.erasure_runs.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = settings.erasure_runs / f".{state.run_id}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        write_private(draft / "people.jsonl", "".join(json.dumps(asdict(one)) + "\n" for one in people))
        write_private(draft / "state.json", _written(state))
        sync(draft)
        folder = cls(settings.erasure_runs / state.run_id)
        draft.rename(folder.path)
        sync(settings.erasure_runs)
        return folder

    @classmethod
    def unfinished(cls, settings: Settings) -> list[RunFolder]:
        """Runs that have not ended, in order; drafts of a run that never began are removed."""
        if not settings.erasure_runs.is_dir():
            return []
        for draft in settings.erasure_runs.glob(".*"):
            shutil.rmtree(draft)
        return [cls(path) for path in sorted(settings.erasure_runs.iterdir()) if path.is_dir()]

    @property
    def is_whole(self) -> bool:
        """False for what a kill left of a folder that was being removed: everything is done then."""
        return (self.path / "state.json").exists()

    def read(self) -> State:
        document = json.loads((self.path / "state.json").read_text(encoding="utf-8"))
        as_of = datetime.fromisoformat(document.pop("as_of"))
        return State(as_of=as_of, **{**document, "waivers": tuple(document["waivers"])})

    def advance(self, state: State, step: str, facts: Mapping[str, Any] | None = None) -> State:
        """Note that a step is done, and what later ones need to know of it."""
        ahead = replace(state, done=step, facts={**state.facts, **(facts or {})})
        write_private(self.path / "state.json", _written(ahead))
        sync(self.path)
        return ahead

    def people(self) -> list[Person]:
        with (self.path / "people.jsonl").open(encoding="utf-8") as lines:
            found = [json.loads(line) for line in lines]
        for one in found:
            one["spellings"], one["esp_ids"] = tuple(one["spellings"]), tuple(one["esp_ids"])
        return [Person(**one) for one in found]

    def note(self, name: str, values: Sequence[str]) -> None:
        """Replace a file of ids."""
        write_private(self.path / f"{name}.jsonl", "".join(json.dumps(value) + "\n" for value in values))

    @contextmanager
    def noting(self, name: str) -> Iterator[Any]:
        """A function that adds an id to a file, on disk when it returns."""
        descriptor = os.open(self.path / f"{name}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

        def add(values: Sequence[str]) -> None:
            os.write(descriptor, "".join(json.dumps(value) + "\n" for value in values).encode())
            os.fsync(descriptor)

        try:
            yield add
        finally:
            os.close(descriptor)

    def noted(self, name: str) -> list[str]:
        """Each id once, in order. A last line that a kill cut off does not count."""
        file = self.path / f"{name}.jsonl"
        if not file.exists():
            return []
        lines = file.read_text(encoding="utf-8").split("\n")[:-1]
        return list(dict.fromkeys(json.loads(line) for line in lines if line.endswith('"')))

    def remove(self) -> None:
        """The state goes first: what is left of the folder then is nothing to resume."""
        (self.path / "state.json").unlink(missing_ok=True)
        sync(self.path)
        shutil.rmtree(self.path)
        sync(self.path.parent)


def _written(state: State) -> str:
    return json.dumps({**asdict(state), "as_of": state.as_of.isoformat()}, indent=1) + "\n"


def write_private(file: Path, text: str) -> None:
    """Whole and on disk, or as before; readable by its owner alone."""
    draft = file.with_name(f".{file.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
