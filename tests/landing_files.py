"""A landing folder, a sources.yml and a warehouse of a test's own."""

from __future__ import annotations

import gzip
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from reveil.load import load
from reveil.report import Report
from reveil.settings import PROJECT, Settings
from reveil.warehouse import Warehouse

NOW = datetime(2026, 11, 20, 3)
CONTACTS = "contact_id,email,tracking_consent\n1,ada@mail.example,true\n2,bob@mail.example,false\n"


class Place:
    """Everything below `folder`; `sources` is the text of its sources.yml."""

    def __init__(self, folder: Path, sources: str = "") -> None:
        self.settings = Settings(project=folder / "project", data=folder / "data")
        self.landing = self.settings.landing
        self.landing.mkdir(parents=True)
        seeds = self.settings.dbt_project / "seeds"
        seeds.mkdir(parents=True)
        self.freshness_seed = seeds / "source_freshness.csv"
        shutil.copy(PROJECT / "dbt_project" / "seeds" / "source_freshness.csv", self.freshness_seed)
        self.map(sources)

    def map(self, sources: str) -> None:
        self.settings.sources_file.parent.mkdir(exist_ok=True)
        self.settings.sources_file.write_text(sources, encoding="utf-8")

    def put(self, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        """Write a landing file; compressed where the name ends in .gz."""
        file = self.landing / name
        file.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode(encoding) if isinstance(content, str) else content
        file.write_bytes(gzip.compress(data) if name.endswith(".gz") and isinstance(content, str) else data)
        return file

    def load(self, as_of: datetime = NOW, now: datetime = NOW, check: bool = False) -> Report:
        return load(self.settings, as_of, now=now, check=check)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with Warehouse(self.settings).read("test") as connection:
            return connection.execute(query).fetchall()

    def rejects(self) -> list[tuple[Any, ...]]:
        return self.rows("select file_name, line, column_name, reason from raw.rejects order by all")

    @property
    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table that the package writes."""
        with Warehouse(self.settings).read("test") as connection:
            tables = connection.execute(
                "select table_schema || '.' || table_name from information_schema.tables "
                "where table_schema in ('raw', 'journal') order by 1"
            ).fetchall()
            return {name: connection.execute(f"from {name} order by all").fetchall() for (name,) in tables}
