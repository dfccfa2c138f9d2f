"""Finds the files of the landing folder, the table of each, and whether they are sample data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from reveil.errors import BadInput
from reveil.load.sources import Sources

Origin = Literal["sample", "company"]
CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")
PARQUET = (".parquet",)


@dataclass(frozen=True)
class LandingFile:
    """`name` is the path below the landing folder."""

    path: Path
    name: str
    table: str
    digest: str

    @property
    def origin(self) -> Origin:
        return "sample" if ".sample." in self.path.name else "company"

    @property
    def is_parquet(self) -> bool:
        return self.path.name.lower().endswith(PARQUET)

    @property
    def is_gzip(self) -> bool:
        return self.path.name.lower().endswith(".gz")


def find_files(landing: Path, sources: Sources) -> list[LandingFile]:
    """The files to load, by table in the order of RAW_TABLES, then by name.

    Raises BadInput where a file belongs to no table or to two, has an ending that cannot be
    read, or where sample files and a company's files lie side by side.
    """
    owners: dict[Path, str] = {}
    for table, source in sources.by_table.items():
        for path in _matches(landing, source.files):
            if owners.setdefault(path, table) != table:
                raise BadInput(f"{path}: claimed by {owners[path]} and {table}; narrow `files` of one in sources.yml")
    claimed = {path: table for path, table in owners.items() if not _is_ignored(path, landing, sources)}
    _refuse_strangers(landing, set(claimed), sources)
    found = [_landing_file(path, landing, table) for path, table in claimed.items()]
    order = list(sources.by_table)
    found.sort(key=lambda file: (order.index(file.table), file.name))
    _refuse_mixture(landing, found)
    return found


def delete_old(files: list[LandingFile], keep_days: int, now: datetime) -> int:
    """Delete files that have not changed for `keep_days` before `now` (naive UTC); how many went."""
    limit = (now - timedelta(days=keep_days)).replace(tzinfo=UTC).timestamp()
    old = [file for file in files if file.path.stat().st_mtime < limit]
    for file in old:
        file.path.unlink()
    return len(old)


def _matches(landing: Path, globs: tuple[str, ...]) -> list[Path]:
    return sorted({path for glob in globs for path in landing.glob(glob) if path.is_file()})


def _is_ignored(path: Path, landing: Path, sources: Sources) -> bool:
    parts = path.relative_to(landing).parts
    is_hidden = any(part.startswith(".") for part in parts)
    return is_hidden or any(fnmatchcase(parts[-1], pattern) for pattern in sources.ignore)


def _refuse_strangers(landing: Path, claimed: set[Path], sources: Sources) -> None:
    for path in sorted(landing.rglob("*")):
        if path.is_file() and path not in claimed and not _is_ignored(path, landing, sources):
            raise BadInput(
                f"{path}: belongs to no table; name it like crm_orders.csv or crm_orders/2026-11-21.csv.gz, "
                "or map it under `tables: <table>: files:` in sources.yml, or list it under `ignore:`"
            )


def _refuse_mixture(landing: Path, files: list[LandingFile]) -> None:
    samples = [file for file in files if file.origin == "sample"]
    if samples and len(samples) < len(files):
        raise BadInput(
            f"{landing}: holds sample files ({samples[0].name}) and other files side by side; "
            "move the one kind or the other away"
        )


def _landing_file(path: Path, landing: Path, table: str) -> LandingFile:
    if not path.name.lower().endswith(CSV + PARQUET):
        raise BadInput(
            f"{path}: cannot tell what kind of file this is; its name must end in "
            f"{', '.join(CSV + PARQUET)}, or be listed under `ignore:` in sources.yml"
        )
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
    return LandingFile(path, path.relative_to(landing).as_posix(), table, digest)
