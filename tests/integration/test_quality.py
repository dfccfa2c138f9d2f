"""The gate as a whole: it stops the night, says which rule and how many rows, and shows nobody's data."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import sys
import traceback
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from reveil import quality
from reveil.errors import BadInput, Refused
from reveil.quality import data_docs
from reveil.settings import PROJECT, Settings
from reveil.warehouse import Warehouse, connect

AS_OF = datetime(1998, 7, 1)
ADDRESS = "jane.roe@planted.example"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(data=tmp_path_factory.mktemp("good"))
    with Warehouse(settings).write("test") as connection:
        connection.execute(Path(__file__).with_name("quality_warehouse.sql").read_text(encoding="utf-8"))
    return settings.warehouse


@pytest.fixture
def settings(good: Path, tmp_path: Path) -> Settings:
    """A data folder whose name would trip a library that reads a path as a URL or a template."""
    made = Settings(data=tmp_path / "data $HOME 100% #1", lock_wait_seconds=0)
    made.data.mkdir()
    shutil.copy(good, made.warehouse)
    return made


def _change(settings: Settings, *statements: str) -> None:
    with connect(settings.warehouse) as connection:
        for statement in statements:
            connection.execute(statement)


def _project(settings: Settings, rules: str) -> Settings:
    """The settings of a project with one suite on raw.crm_contacts."""
    folder = settings.data / "project" / "expectations" / "raw"
    folder.mkdir(parents=True)
    text = f"table: raw.crm_contacts\nnote: test\nexpectations:\n{rules}\n"
    (folder / "crm_contacts.yml").write_text(text, encoding="utf-8")
    return settings.model_copy(update={"project": settings.data / "project"})


def _told_by(refused: pytest.ExceptionInfo[Refused]) -> str:
    """What a task log shows: the error and all that led to it."""
    return "".join(traceback.format_exception(refused.value))


def _everything_in(folder: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("group", quality.GROUPS)
def test_good_data_passes_and_each_suite_has_a_line(settings: Settings, group: quality.Group) -> None:
    report = quality.check(settings, group, AS_OF)
    files = sorted(file.stem for file in (PROJECT / "expectations" / group).glob("*.yml"))
    assert [line.split(":")[0] for line in report.lines] == files
    assert all(re.fullmatch(r"\w+: \d+ checks passed", line) for line in report.lines)
    assert list(report.figures["suites"]) == files
    assert report.figures["passed"] == sum(suite["passed"] for suite in report.figures["suites"].values())
    assert (report.figures["failed"], report.figures["warned"]) == (0, 0)
    json.dumps(dict(report.figures))


def test_a_failed_check_names_suite_expectation_and_count_of_rows(settings: Settings) -> None:
    _change(
        settings,
        "update raw.crm_orders set status = 'open' where rowid < 3",
        "insert into raw.crm_contacts from raw.crm_contacts limit 1",
    )
    with pytest.raises(Refused) as refused:
        quality.check(settings, "raw", AS_OF)
    assert "check raw: 2 failed: " in str(refused.value)
    assert "crm_contacts/contact_id_unique (2 rows)" in str(refused.value)
    assert "crm_orders/status_known (3 rows)" in str(refused.value)


def test_a_rule_about_the_whole_table_tells_its_size(settings: Settings) -> None:
    _change(settings, "delete from raw.crm_contacts")
    with pytest.raises(Refused, match=r"crm_contacts/table_not_empty \(the table has 0 rows\)"):
        quality.check(settings, "raw", AS_OF)


def test_data_docs_tell_of_a_failed_check_too(settings: Settings) -> None:
    _change(settings, "update raw.crm_orders set status = 'open' where rowid < 3")
    with pytest.raises(Refused, match=r"see .*raw\.html"):
        quality.check(settings, "raw", AS_OF)
    page = (settings.data_docs / "1998-07-01T000000" / "raw.html").read_text(encoding="utf-8")
    assert "failed: 3 rows" in page
    index = (settings.data_docs / "index.html").read_text(encoding="utf-8")
    assert '<tr class="failed"><td>failed</td><td>1998-07-01T000000</td>' in index


def test_a_warning_is_reported_and_does_not_stop(settings: Settings) -> None:
    _change(settings, "update raw.crm_orders set currency = 'euro' where rowid = 0")
    report = quality.check(settings, "raw", AS_OF)
    assert "crm_orders: 10 checks passed; warning currency_is_a_code (1 row)" in report.lines
    assert report.figures["suites"]["crm_orders"] == {"passed": 10, "warned": 1, "failed": 0}
    assert '<tr class="warned">' in (settings.data_docs / "index.html").read_text(encoding="utf-8")


def test_planted_addresses_appear_nowhere(
    settings: Settings, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in the docs, the exception or its chain, the log at its most talkative, stdout or stderr."""
    _change(
        settings,
        f"update raw.crm_contacts set email = '{ADDRESS}' || chr(10), normalised_email = upper('{ADDRESS}'), "
        f"contact_id = '{ADDRESS}', contact_kind = '{ADDRESS}' where rowid < 2",
        f"update raw.crm_interactions set interaction = '{ADDRESS}'",
        f"update raw.crm_orders set status = '{ADDRESS}', currency = '{ADDRESS}' where rowid = 0",
    )
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Refused) as refused:
        quality.check(settings, "raw", AS_OF)
    told = capfd.readouterr()
    everything = [_told_by(refused), caplog.text, told.out, told.err]
    everything.append(_everything_in(settings.data_docs))
    assert "contact_id_is_no_address (2 rows)" in str(refused.value)
    for text in everything:
        assert "jane.roe" not in text.lower()


RAISES = """
  - id: raises
    type: expect_no_rows
    note: "a conversion error of DuckDB quotes the value"
    kwargs: {query: select 1 from raw.crm_contacts where cast(email as integer) > 0}
  - id: other
    type: expect_column_values_to_be_unique
    note: passes
    kwargs: {column: contact_id}
"""


def test_a_rule_that_raises_counts_as_failed_and_its_error_is_not_quoted(
    settings: Settings, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    _change(settings, f"update raw.crm_contacts set email = '{ADDRESS}'")
    with pytest.raises(duckdb.ConversionException, match=ADDRESS), connect(settings.warehouse) as connection:
        connection.execute("select cast(email as integer) from raw.crm_contacts").fetchall()
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Refused) as refused:
        quality.check(_project(settings, RAISES), "raw", AS_OF)
    assert "crm_contacts/raises (could not be evaluated: ConversionException)" in str(refused.value)
    assert "other" not in str(refused.value)
    told = capfd.readouterr()
    docs = _everything_in(settings.data_docs)
    for text in (_told_by(refused), caplog.text, told.out, told.err, docs):
        assert "jane.roe" not in text


def test_a_rule_about_a_column_that_is_gone_counts_as_failed(settings: Settings) -> None:
    _change(settings, "alter table raw.crm_orders drop column amount")
    with pytest.raises(Refused, match=r"crm_orders/amount_within_bounds \(could not be evaluated"):
        quality.check(settings, "raw", AS_OF)


def test_a_rule_that_raises_does_not_speak_for_the_tables_other_rules(settings: Settings) -> None:
    rules = """
  - id: wrong
    type: expect_column_values_to_be_between
    note: "an address is no number, and all counts of a table are one query"
    kwargs: {column: email, min_value: 10}
  - id: right
    type: expect_column_values_to_not_be_null
    note: passes
    kwargs: {column: contact_id}
"""
    with pytest.raises(Refused, match=r"check raw: 1 failed: crm_contacts/wrong \(could not be evaluated"):
        quality.check(_project(settings, rules), "raw", AS_OF)


def test_colons_and_braces_in_sql_reach_duckdb_as_they_are(settings: Settings) -> None:
    rules = """
  - id: colons
    type: expect_no_rows
    note: test
    kwargs:
      query: |
        select 1 from raw.crm_contacts
        where regexp_matches(email, '^person[0-9]{1,2}@') and '12:30'::time > '00:00:01'::time and ':x' = ':x'
"""
    with pytest.raises(Refused, match=r"colons \(20 rows\)"):
        quality.check(_project(settings, rules), "raw", AS_OF)


def test_an_argument_of_a_wrong_type_is_refused_before_the_warehouse_is_read(settings: Settings) -> None:
    rules = """
  - id: wrong
    type: expect_column_values_to_be_unique
    note: test
    kwargs: {column: contact_id, mostly: most}
"""
    with pytest.raises(BadInput, match=r"crm_contacts\.yml: wrong: kwargs\.mostly: "):
        quality.check(_project(settings, rules), "raw", AS_OF)
    assert not settings.data_docs.exists()


def test_another_process_can_write_right_after_a_check(settings: Settings) -> None:
    quality.check(settings, "raw", AS_OF)
    program = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table t (a int)')"
    subprocess.run([sys.executable, "-c", program, str(settings.warehouse)], check=True, timeout=60)


def test_another_process_can_write_right_after_a_failed_check(settings: Settings) -> None:
    with pytest.raises(Refused):
        quality.check(_project(settings, RAISES), "raw", AS_OF)
    program = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table t (a int)')"
    subprocess.run([sys.executable, "-c", program, str(settings.warehouse)], check=True, timeout=60)


def test_a_check_waits_for_the_writer_and_says_who_it_is(settings: Settings) -> None:
    with Warehouse(settings).exclusive("load"), pytest.raises(Refused, match="held by `load`"):
        quality.check(settings, "raw", AS_OF)


def test_two_checks_may_run_at_once(settings: Settings) -> None:
    with Warehouse(settings).shared("check raw"):
        quality.check(settings, "audience", AS_OF)


def test_a_table_that_was_never_built_says_what_to_run(settings: Settings) -> None:
    _change(settings, "drop table marts.erasure_due")
    with pytest.raises(BadInput, match=r"no table marts\.erasure_due yet; run `reveil build` first"):
        quality.check(settings, "marts", AS_OF)


def test_a_warehouse_that_was_never_loaded_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no warehouse yet"):
        quality.check(Settings(data=tmp_path), "raw", AS_OF)
    assert not (tmp_path / "warehouse.duckdb").exists()


def test_an_unknown_group_is_refused(settings: Settings) -> None:
    with pytest.raises(BadInput, match="allowed: raw, marts, audience"):
        quality.check(settings, "mart", AS_OF)  # type: ignore[arg-type]


def test_another_nights_marts_fail(settings: Settings) -> None:
    with pytest.raises(Refused, match=r"contact_status/as_of_is_this_night \(20 rows\)"):
        quality.check(settings, "marts", datetime(1998, 7, 2))


def test_an_audience_above_the_settings_bound_is_stopped(settings: Settings) -> None:
    small = settings.model_copy(update={"push": settings.push.model_copy(update={"max_audience": 3})})
    with pytest.raises(Refused, match=r"audience/size_within_bounds \(1 row\)"):
        quality.check(small, "audience", AS_OF)


def test_data_docs_need_no_network(settings: Settings) -> None:
    quality.check(settings, "raw", AS_OF)
    pages = [file.read_text(encoding="utf-8") for file in settings.data_docs.rglob("*.html")]
    assert len(pages) == 2
    for page in pages:
        assert not re.search(r"<script|<link|<img|@import|url\(|(?:src|href)=.?(?:https?:)?//", page)


def test_every_link_of_the_data_docs_leads_somewhere(settings: Settings) -> None:
    for group in quality.GROUPS:
        quality.check(settings, group, AS_OF)
    pages = list(settings.data_docs.rglob("*.html"))
    assert len(pages) == 4
    for page in pages:
        for link in re.findall(r'href="([^"]+)"', page.read_text(encoding="utf-8")):
            assert (page.parent / link).resolve().is_file(), f"{page.name}: {link}"


def test_data_docs_escape_what_stands_in_a_suite(settings: Settings) -> None:
    rules = """
  - id: compared
    type: expect_no_rows
    note: "a < b & <b>c</b>"
    kwargs: {query: "select 1 from raw.crm_contacts where contact_id < '' and '<i>' = '$body'"}
"""
    quality.check(_project(settings, rules), "raw", AS_OF)
    page = (settings.data_docs / "1998-07-01T000000" / "raw.html").read_text(encoding="utf-8")
    assert "a &lt; b &amp; &lt;b&gt;c&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "<i>" not in page


def test_old_nights_leave_the_data_docs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_docs, "NIGHTS_KEPT", 2)
    for day in (1, 2, 3):
        data_docs.write(settings.data_docs, "raw", datetime(1998, 7, day), ())
    nights = sorted(path.name for path in settings.data_docs.iterdir() if path.is_dir())
    assert nights == ["1998-07-02T000000", "1998-07-03T000000"]
    assert "1998-07-01" not in (settings.data_docs / "index.html").read_text(encoding="utf-8")


OFFLINE = """
import pathlib, socket, sys, datetime
def refuse(*_, **__):
    raise AssertionError("the network was used")
socket.socket.connect = socket.getaddrinfo = refuse
from reveil import quality
from reveil.settings import Settings
assert "great_expectations" not in sys.modules, "imported before it is needed"
quality.check(Settings(data=pathlib.Path(sys.argv[1])), "raw", datetime.datetime(1998, 7, 1))
assert "great_expectations" in sys.modules
"""


def test_a_check_uses_no_network_writes_nowhere_else_and_prints_nothing(settings: Settings, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(settings.data)],
        env={"HOME": str(home), "PATH": "", "TMPDIR": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.rglob("*")) == []
    kept = {"warehouse.duckdb", "warehouse.lock", "data_docs"}
    assert {path.name for path in settings.data.iterdir()} - {"tmp"} == kept
