"""What holds for every file of the repository, whoever writes it."""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

LAYOUT = [
    ".ci/run",
    ".env.example",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "dags",
    "dbt_project/dbt_project.yml",
    "docker-compose.yaml",
    "docs/start-here.md",
    "expectations/audience",
    "expectations/marts",
    "expectations/raw",
    "include/campaigns",
    "include/settings.yml",
    "include/sources.yml",
    "plugins/README.md",
    "pyproject.toml",
    "requirements/dev.txt",
    "requirements/docker.txt",
    "requirements/runtime.txt",
    "tests/unit",
]
DAGS = {"build_contact_status", "delete_personal_data", "gather_results", "push_reactivation"}
DAG_LINES = 90
README_LINES = 150

# A second file stands in these only where a library leaves no other way.
READS_ENVIRONMENT = {
    "include/reveil/settings.py",
    "include/reveil/airflow/night.py",  # Airflow takes home and connections from the environment alone
}
OPENS_DATABASE = {
    "include/reveil/warehouse.py",
    "include/reveil/quality/dialect.py",  # SQLAlchemy opens what Great Expectations reads
}


@functools.cache
def files() -> tuple[Path, ...]:
    """The repository's files: what git tracks, and what it would with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return tuple(path for path in sorted({PROJECT / name for name in names}) if path.is_file())


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@functools.cache
def texts() -> tuple[tuple[str, str], ...]:
    """(name, text) of every file that is text."""
    found = []
    for path in files():
        content = path.read_bytes()
        if b"\0" not in content:
            found.append((name(path), content.decode("utf-8")))
    return tuple(found)


@functools.cache
def python() -> tuple[tuple[str, ast.Module], ...]:
    return tuple((file, ast.parse(text, file)) for file, text in texts() if file.endswith(".py"))


def found_in(pattern: str) -> list[str]:
    """`file:line` of every match, never the text: it may be an address."""
    wanted = re.compile(pattern)
    return [
        f"{file}:{number}"
        for file, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if wanted.search(line)
    ]


def calls_and_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names as written (`os.environ`), with their line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node), node.lineno
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def imported(tree: ast.AST) -> set[str]:
    """Modules that a file imports, absolute names."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative import"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", LAYOUT)
def test_layout_is_the_documented_one(path: str) -> None:
    assert (PROJECT / path).exists()


def test_dags_folder_holds_the_four_dags_and_nothing_else() -> None:
    assert {path.stem for path in files() if path.parent == PROJECT / "dags"} == DAGS


def test_addresses_are_in_domains_that_nobody_can_own() -> None:
    address = re.compile(r"[\w.%+-]+@((?:[a-z0-9-]+\.)+[a-z]{2,})\b", re.I)
    reserved = re.compile(r"(?:.*\.)?(?:example|test|invalid|localhost|example\.(?:com|org|net))", re.I)
    wrong = [
        f"{file}:{text.count(chr(10), 0, match.start()) + 1}"
        for file, text in texts()
        for match in address.finditer(text)
        if not reserved.fullmatch(match[1])
    ]
    assert wrong == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    assert found_in(r"(?<![\w.}])/(?:home|root|work|Users|tmp)/") == []


def test_secrets_stay_out_of_the_repository() -> None:
    ignored = subprocess.run(["git", "check-ignore", "--quiet", ".env"], cwd=PROJECT, check=False)
    assert ignored.returncode == 0
    assert [name(path) for path in files() if path.name == ".env" or path.suffix in {".duckdb", ".pem", ".key"}] == []
    assert found_in(r"-----BEGIN [A-Z ]*PRIVATE KEY") == []


def test_no_module_is_called_utils_or_helpers() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [file for file, _ in python() if vague & set(Path(file).with_suffix("").parts)] == []


def test_nobody_edits_the_import_path() -> None:
    wrong = [f"{file}:{line}" for file, tree in python() for used, line in calls_and_names(tree) if used == "sys.path"]
    assert wrong == []


def test_only_settings_reads_the_environment() -> None:
    readers = {"os.environ", "os.getenv", "os.environb", "os.putenv"}
    wrong = [
        f"{file}:{line}"
        for file, tree in python()
        if file.startswith(("include/", "dags/", "plugins/")) and file not in READS_ENVIRONMENT
        for used, line in calls_and_names(tree)
        if used in readers
    ]
    assert wrong == []


def test_only_the_warehouse_module_opens_a_database() -> None:
    openers = {"duckdb.connect", "duckdb.sql", "duckdb.execute", "duckdb.query", "duckdb.read_csv"}
    wrong = [
        f"{file}:{line}"
        for file, tree in python()
        if file.startswith(("include/", "dags/", "plugins/")) and file not in OPENS_DATABASE
        for used, line in calls_and_names(tree)
        if used in openers
    ]
    assert wrong == []


def test_no_error_is_caught_whole_and_carried_on() -> None:
    wrong = [
        f"{file}:{node.lineno}"
        for file, tree in python()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or {"Exception", "BaseException"} & set(re.findall(r"\w+", ast.unparse(node.type))))
        and not isinstance(node.body[-1], ast.Raise)
    ]
    assert wrong == []


def test_sql_longer_than_a_line_is_in_sql_files() -> None:
    sql = re.compile(r"\s*(?:select|insert|update|delete|create|with|merge|copy|attach)\s", re.I)
    wrong = [
        f"{file}:{node.lineno}"
        for file, tree in python()
        if file.startswith(("include/", "dags/", "plugins/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings(tree)
        if "\n" in node.value.strip() and sql.match(node.value)
    ]
    assert wrong == []


def docstrings(tree: ast.Module) -> set[ast.Constant]:
    return {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }


def test_nobody_in_the_package_imports_by_a_relative_name() -> None:
    for _, tree in python():
        imported(tree)


def dag_files() -> list[tuple[str, ast.Module]]:
    return [(file, tree) for file, tree in python() if file.startswith("dags/")]


def test_dag_files_are_short() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in files() if name(path).startswith("dags/")}
    assert {file: lines for file, lines in lengths.items() if lines > DAG_LINES} == {}


def test_dag_files_import_airflow_and_the_package_alone() -> None:
    allowed = {"__future__", "airflow", "collections", "datetime", "reveil", "typing"}
    for file, tree in dag_files():
        assert {module.split(".")[0] for module in imported(tree)} <= allowed, file


def test_dag_files_import_no_verb_while_they_are_parsed() -> None:
    for file, tree in dag_files():
        top = ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], [])
        assert {module for module in imported(top) if module.startswith("reveil")} <= {"reveil.airflow"}, file


def test_dag_files_hold_no_sql_no_clock_and_no_io() -> None:
    sql = re.compile(
        r"\s*(?:select|insert|update|delete|create|with|copy|attach)\s.*\s(?:from|into|table|as)\s",
        re.I | re.S,
    )
    forbidden = re.compile(r"(?:.*\.)?(?:now|utcnow|today|read_text|write_text|execute|environ)|Variable\..*")
    for file, tree in dag_files():
        used = {dotted for dotted, _ in calls_and_names(tree)}
        assert not {dotted for dotted in used if forbidden.fullmatch(dotted)}, file
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"open", "print", "eval", "exec"}, file
        strings = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in docstrings(tree)
        ]
        assert not [text for text in strings if isinstance(text, str) and sql.match(text)], file


def test_dag_files_carry_their_runbook() -> None:
    for file, tree in dag_files():
        assert len((ast.get_docstring(tree) or "").splitlines()) > 3, file


def test_no_dag_or_plugin_bears_a_packages_name() -> None:
    for path in (file for file in files() if file.parent.name in {"dags", "plugins"} and file.suffix == ".py"):
        assert path.stem not in sys.stdlib_module_names
        assert importlib.util.find_spec(path.stem) is None, name(path)


def test_readme_is_short_enough_to_be_read() -> None:
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_licence_is_apache_2() -> None:
    text = (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text.splitlines()) == 202


def test_continuous_integration_runs_lint_and_tests() -> None:
    script = PROJECT / ".ci" / "run"
    assert script.stat().st_mode & 0o111, "not executable"
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    assert re.search(r"^(?:exec )?make lint test$", text, re.M)
    subprocess.run(["bash", "-n", script], check=True)
