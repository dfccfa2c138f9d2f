"""What docs/analysts.md promises: its ten queries run on a published copy of the real log, with this DuckDB and with
the oldest that is supported; the models' documentation is one page that needs no network."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from raw_rows import settings_at, winback

from reveil import transform
from reveil.load import load
from reveil.publish import publish
from reveil.settings import PROJECT, Settings
from reveil.warehouse import connect, hold

AS_OF = datetime(1998, 7, 1)
OLDEST = "1.4"
CACHE = PROJECT / ".cache" / "duckdb"
TEXT = (PROJECT / "docs" / "analysts.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
OLD_CLIENT = """
import json, sys
import duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
counts = [len(connection.execute(query).fetchall()) for query in json.load(sys.stdin)]
print(json.dumps({"version": duckdb.__version__, "counts": counts}))
"""


@pytest.fixture(scope="module")
def published(cdnow_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_at(tmp_path_factory.mktemp("analysts"))
    load(settings, AS_OF, landing=cdnow_landing)
    winback(settings)
    transform.build(settings, AS_OF)
    publish(settings)
    return settings


@pytest.fixture(scope="module")
def counts(published: Settings) -> list[int]:
    """Rows that each query finds."""
    with connect(published.published, read_only=True) as connection:
        return [len(connection.execute(query).fetchall()) for query in QUERIES]


@pytest.fixture(scope="module")
def old_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the oldest DuckDB that is supported, unpacked from its wheel, beside the installed one."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(CACHE)]
    CACHE.mkdir(parents=True, exist_ok=True)
    with hold(CACHE / "download.lock", "download duckdb", wait_seconds=300):
        if not list(CACHE.glob("*.whl")):
            done = subprocess.run([*command, f"duckdb=={OLDEST}.*"], capture_output=True, timeout=300, check=False)
            if done.returncode:
                pytest.skip(f"needs duckdb {OLDEST} from a package index")
    folder = tmp_path_factory.mktemp("old_duckdb")
    with zipfile.ZipFile(next(CACHE.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


def test_there_are_ten_queries_and_each_finds_something(counts: list[int]) -> None:
    assert len(QUERIES) == 10
    assert [query for query, count in zip(QUERIES, counts, strict=True) if not count] == []


def test_the_oldest_supported_client_reads_the_copy_alike(
    published: Settings, counts: list[int], old_duckdb: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OLD_CLIENT, str(published.published)],
        env={"PYTHONPATH": str(old_duckdb)},
        input=json.dumps(QUERIES),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["version"].startswith(OLDEST)
    assert found["counts"] == counts


def test_every_published_mart_is_in_the_guide(published: Settings) -> None:
    with connect(published.published, read_only=True) as connection:
        query = "select table_name from information_schema.tables where table_schema = 'marts'"
        marts = {name for (name,) in connection.execute(query).fetchall()}
    assert {name for name in marts if f"marts.{name} |" not in TEXT} == set()


def test_exposures_name_the_dags_and_leave_no_mart_out(published: Settings) -> None:
    manifest = json.loads((published.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    exposures = {one["name"]: set(one["depends_on"]["nodes"]) for one in manifest["exposures"].values()}
    dags = {file.stem for file in (PROJECT / "dags").glob("*.py")}
    assert dags - exposures.keys() == {"gather_results"}  # it reads the provider alone
    marts = {
        name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
    assert exposures["build_contact_status"] == exposures["published_copy"] == marts
    assert all(read <= marts for read in exposures.values())


def test_what_the_steps_of_a_dag_read_is_in_its_exposure(published: Settings) -> None:
    """The SQL of the package names marts; each belongs to the DAG whose step runs it."""
    manifest = json.loads((published.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    exposures = {
        one["name"]: {node.rpartition(".")[2] for node in one["depends_on"]["nodes"]}
        for one in manifest["exposures"].values()
    }
    folder = PROJECT / "include" / "reveil" / "sql"
    for dag, patterns in {
        "push_reactivation": ("plan_*", "intend_*", "mailing_*", "regular_*", "fresh_halts", "record_halts"),
        "delete_personal_data": ("due_*", "erase_*"),
        "published_copy": ("status_*", "explain_*", "results_*", "preview_*"),
    }.items():
        files = [file for pattern in patterns for file in folder.glob(f"{pattern}.sql")]
        text = "".join(file.read_text(encoding="utf-8") for file in files)
        # the freshness of sources is written by publishing, not by a model
        assert set(re.findall(r"\bmarts\.(\w+)", text)) - {"source_freshness"} <= exposures[dag], dag


def test_the_documentation_is_one_page_that_loads_nothing_and_holds_no_row(published: Settings) -> None:
    report = transform.document(published, AS_OF)
    page = published.dbt_docs / "index.html"
    assert report.figures["page"] == str(page)
    assert [file.name for file in page.parent.iterdir()] == ["index.html"]
    html = page.read_text(encoding="utf-8")
    assert "regular_leaks" in html
    assert "push_reactivation" in html
    assert "The day on which the data must be gone" in html
    assert re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//", html) == []
    with connect(published.warehouse, read_only=True) as connection:
        query = "select distinct email from raw.crm_contacts where email is not null limit 1000"
        addresses = [address for (address,) in connection.execute(query).fetchall()]
    assert len(addresses) == 1000
    assert [address for address in addresses if address in html] == []
