"""The mapping of a company's files: what the shipped file says, and how a mistake in it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from reveil.errors import BadInput
from reveil.load.sources import Source, read_sources
from reveil.raw_tables import BY_NAME
from reveil.settings import PROJECT

SHIPPED = PROJECT / "include" / "sources.yml"


def written(folder: Path, text: str) -> Path:
    file = folder / "sources.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_file_takes_files_that_are_named_like_the_tables() -> None:
    sources = read_sources(SHIPPED)
    assert set(sources.by_table) == set(BY_NAME)
    for name, source in sources.by_table.items():
        assert source == Source(files=(f"{name}.*", f"{name}/*"))


def test_the_example_in_the_comments_of_the_shipped_file_is_valid(tmp_path: Path) -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("#   crm_contacts:"))
    end = next(n for n, line in enumerate(lines) if line == "tables:")
    example = "\n".join(line.removeprefix("# ") for line in lines[start:end])
    source = read_sources(written(tmp_path, f"tables:\n{example}\n")).by_table["crm_contacts"]
    assert source.mode == "full"
    assert source.columns["courriel"] == "email"
    assert source.values["marketing_consent"] == {"O": "true", "N": "false"}


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_sources(written(tmp_path, "")).by_table["crm_orders"].mode == "delta"


def test_a_table_goes_before_the_defaults(tmp_path: Path) -> None:
    text = "defaults: {delimiter: ';', time_zone: Europe/Paris}\ntables: {crm_orders: {time_zone: UTC}}\n"
    sources = read_sources(written(tmp_path, text)).by_table
    assert (sources["crm_orders"].delimiter, sources["crm_orders"].time_zone) == (";", "UTC")
    assert sources["crm_logins"].time_zone == "Europe/Paris"


def test_words_are_read_as_they_stand(tmp_path: Path) -> None:
    text = "tables:\n  crm_contacts:\n    values:\n      marketing_consent: {no: false, on: true, 1: yes}\n"
    source = read_sources(written(tmp_path, text)).by_table["crm_contacts"]
    assert source.values["marketing_consent"] == {"no": "false", "on": "true", "1": "yes"}


@pytest.mark.parametrize(
    ("text", "line", "key", "allowed"),
    [
        ("tables:\n  crm_order:\n    mode: full\n", 2, "tables.crm_order", "crm_orders"),
        ("tables:\n  crm_orders:\n    mode: all\n", 3, "mode", "'full' or 'delta'"),
        ("tables:\n  crm_orders:\n    colums: {}\n", 3, "colums", "columns"),
        ("tables:\n  crm_orders:\n    columns:\n      id: order_nr\n", 4, "columns.id", "order_id"),
        ("tables:\n  crm_orders:\n    constants:\n      lane: x\n", 4, "constants.lane", "business_line"),
        ("tables:\n  crm_orders:\n    values:\n      state: {P: paid}\n", 4, "values.state", "status"),
        ("tables:\n  crm_orders:\n    time_zone: Europe/Pari\n", 3, "time_zone", "Europe/Paris"),
        ("tables:\n  crm_orders:\n    time_zones:\n      ordered_at: CE\n", 3, "time_zones", "Europe/Paris"),
        ("tables:\n  crm_orders:\n    time_zones:\n      status: UTC\n", 4, "time_zones.status", "ordered_at"),
        ("tables:\n  crm_orders:\n    encoding: cp850\n", 3, "encoding", "latin-1"),
        ("tables:\n  crm_orders:\n    delimiter: '||'\n", 3, "delimiter", "1 character"),
        ("tables:\n  crm_orders:\n    datetime_format: dd/mm/yyyy\n", 3, "datetime_format", "%d/%m/%Y"),
        ("tables:\n  crm_orders:\n    datetime_format: ['%d', '%s']\n", 3, "datetime_format", "%d/%m/%Y"),
        ("tables:\n  crm_orders:\n    files: [/srv/*.csv]\n", 3, "files", "below the landing folder"),
        ("tables:\n  crm_orders:\n    files: []\n", 3, "files", "at least 1"),
        ("defaults:\n  time_zone: Nowhere\n", 2, "defaults.time_zone", "Europe/Paris"),
        ("defaults:\n  mode: full\n", 2, "defaults.mode", "unknown key"),
        ("\ntabels: {}\n", 2, "tabels", "tables"),
    ],
)
def test_a_mistake_is_told_with_line_key_and_what_is_allowed(
    tmp_path: Path, text: str, line: int, key: str, allowed: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(BadInput) as error:
        read_sources(file)
    assert str(error.value).startswith(f"{file}, line {line}: ")
    assert key in str(error.value)
    assert allowed in str(error.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("tables:\n  crm_orders: {columns: {id: order_id, nr: order_id}}\n", 2),
        ("tables:\n  crm_orders: {columns: {id: status}, constants: {status: paid}}\n", 2),
        ("tables:\n  crm_orders:\n    mode: full\n  crm_orders:\n    mode: delta\n", 4),
    ],
)
def test_what_is_given_twice_is_refused(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(BadInput, match=rf"line {line}: .*twice"):
        read_sources(written(tmp_path, text))


@pytest.mark.parametrize("text", ["tables:\n  crm_orders: [\n", "tables: {a: b: c}\n"])
def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match=r"line \d+: not valid YAML"):
        read_sources(written(tmp_path, text))


@pytest.mark.parametrize("text", ["- a\n", "tables: [crm_orders]\n", "tables: {crm_orders: full}\n"])
def test_a_block_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match=r"sources\.yml"):
        read_sources(written(tmp_path, text))


def test_a_missing_file_is_told() -> None:
    with pytest.raises(BadInput, match="not found"):
        read_sources(Path("nowhere") / "sources.yml")
