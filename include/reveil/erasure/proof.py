"""Is it gone? Every file of the data folder, Airflow's home and the project's folder is searched for the values of
who was erased; before that, the search shows that it can see: a planted value of each kind in each kind of file.
"""

from __future__ import annotations

import gzip
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reveil.erasure.search import Search
from reveil.erasure.values import Values
from reveil.errors import ReveilError
from reveil.settings import Settings
from reveil.transform import Table
from reveil.warehouse import Warehouse, connect, sql

NOT_SEARCHED = ("tests", "data")
"""Folders of the project that hold no trace of this data: made-up people, and the data folder of whoever does not use
this one. Hidden ones (version control, the environment, caches of tools) are left out, too."""
_PLANTED = Values(frozenset({"planted-contact-1"}), frozenset({"planted.person@planted.example"}))
_HOW = {
    "text": "searched byte for byte for addresses, and for ids that are no plain numbers",
    "gzip": "unpacked, then as text",
    "parquet": "decoded, every string column by value",
    "sqlite": "every value of every table, as text",
    "duckdb": "every string column of every table by value, longer texts searched for addresses",
}


@dataclass(frozen=True)
class Verification:
    """What was searched and what came out; no value in it."""

    files: int
    bytes: int
    values: int
    found: int
    places: dict[str, int]
    methods: dict[str, int]

    def figures(self) -> dict[str, Any]:
        return {
            "files": self.files,
            "bytes": self.bytes,
            "values": self.values,
            "found": self.found,
            "places": self.places,
            "methods": {name: {"files": count, "how": _HOW[name]} for name, count in self.methods.items()},
        }


class Blind(ReveilError):
    """The search did not see what was planted for it: its zero would prove nothing."""


def verify(settings: Settings, values: Values, tables: tuple[Table, ...], spare: tuple[Path, ...] = ()) -> Verification:
    """Search everything; `spare` are folders and files that hold the values on purpose. Raises Blind."""
    _prove_sight(settings)
    search = Search(values, other_ids(tables))
    with Warehouse(settings).shared("erase: verify"):
        for file in searched_files(settings, spare):
            search.file(file, _name(file, settings))
    found = search.findings
    return Verification(
        found.files, found.bytes, values.count, sum(found.places.values()), found.places, dict(found.methods)
    )


def other_ids(tables: tuple[Table, ...]) -> frozenset[str]:
    """Columns that are described, and not as a contact's or mailbox's key: other ids, counts, names of rules."""
    described = {name for table in tables for name, _ in table.columns}
    keys = {name for table in tables for mark in ("contact_key", "mailbox_key") for name in table.marked(mark)}
    return frozenset(described - keys)


def searched_files(settings: Settings, spare: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Files of the data folder, of Airflow's home and of the project's folder, each once."""
    seen: set[Path] = set()
    for folder in _places(settings):
        for file in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            resolved = file.resolve()
            is_spared = any(resolved == one or one in resolved.parents for one in spare)
            if file.is_file() and not file.is_symlink() and resolved not in seen and not is_spared:
                seen.add(resolved)
                yield file


def _places(settings: Settings) -> list[Path]:
    """Folders to be searched with all that is in them, and the files beside those of the project."""
    project = [
        one
        for one in sorted(settings.project.iterdir())
        if not one.is_dir() or not (one.name.startswith(".") or one.name in NOT_SEARCHED)
    ]
    return [one for one in (settings.data, settings.airflow, *project) if one.exists()]


def _name(file: Path, settings: Settings) -> str:
    for folder in (settings.data, settings.project):
        if file.is_relative_to(folder):
            return str(file.relative_to(folder))
    return str(file)


def _prove_sight(settings: Settings) -> None:
    settings.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.scratch) as folder:
        for file in _plant(Path(folder)):
            for planted in (Values(_PLANTED.ids, frozenset()), Values(frozenset(), _PLANTED.addresses)):
                search = Search(planted)
                search.file(file, file.name)
                if not search.findings.places:
                    raise Blind(
                        f"the search does not see a value planted in a file like {file.name}; nothing is proven"
                    )


def _plant(folder: Path) -> Iterator[Path]:
    """A file of each kind with both values in it, the address also as an URL hides it."""
    (contact,), (address,) = _PLANTED.ids, _PLANTED.addresses
    text = f"one {contact} two\n<{address.upper()}>\n".encode()
    for name, content in (("planted.log", text), ("planted.csv.gz", gzip.compress(text))):
        (folder / name).write_bytes(content)
        yield folder / name
    hidden = folder / "planted.txt"
    hidden.write_text(f"{contact} https://shop.example/?to={address.replace('@', '%40')}&x=1\n", encoding="utf-8")
    yield hidden
    with sqlite3.connect(folder / "planted.db") as connection:
        connection.execute("create table planted (a text, b text)")
        connection.execute("insert into planted values (?, ?)", (contact, address))
    connection.close()
    yield folder / "planted.db"
    with connect(folder / "planted.duckdb") as duck:
        duck.execute(sql("plant"), {"contact": contact, "address": address})
        duck.execute(f"copy planted to '{folder / 'planted.parquet'}' (format parquet)")
    yield folder / "planted.duckdb"
    yield folder / "planted.parquet"
