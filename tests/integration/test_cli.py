"""The command line: its words, exit codes and JSON. What each verb does is tested with the verb."""

from __future__ import annotations

import json
from pathlib import Path

import company
import pytest
from click.testing import CliRunner, Result
from commands import Desk, figures, good

from reveil.cli import main

VERBS = {
    "build",
    "check",
    "doctor",
    "erase",
    "esp",
    "gather",
    "load",
    "nightly",
    "pause",
    "preview",
    "publish",
    "push",
    "resume",
    "sample",
    "sandbox",
    "status",
    "up",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def give(desk: Desk, *words: str) -> Result:
    return CliRunner().invoke(main, words, env=desk.environment)


def test_every_verb_is_there_explains_itself_and_takes_json() -> None:
    assert set(main.commands) >= VERBS
    for name, command in main.commands.items():
        assert command.help, name
        assert "--json" in [option for parameter in command.params for option in parameter.opts], name


def test_help_needs_no_data_and_no_settings(desk: Desk) -> None:
    shown = good(desk.run("--help")).stdout
    assert [name for name in VERBS if name not in shown] == []
    assert not desk.data.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-verb"],
        ["build"],
        ["push"],
        ["erase"],
        ["build", "--as-of", "tonight"],
        ["build", "--as-of", "1998-13-01"],
        ["check", "everything"],
        ["pause"],
        ["sample", "northwind"],
        ["sample", "online-retail", "--from", "no-such-file"],
        ["sample", "online-retail"],
        ["load", "--no-such-option"],
    ],
)
def test_bad_use_is_exit_code_2_and_leaves_nothing(desk: Desk, words: list[str]) -> None:
    refused = give(desk, *words)
    assert refused.exit_code == 2
    assert refused.stderr
    assert refused.stdout == ""
    assert not desk.data.exists()


def test_an_instant_that_cannot_be_read_is_shown_how(desk: Desk) -> None:
    assert "such as 1998-07-01" in give(desk, "build", "--as-of", "01/07/1998").stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["load"], "reveil sample cdnow"),
        (["build", "--as-of", "1998-07-01"], "reveil load"),
        (["check", "raw"], "reveil load"),
        (["publish"], "reveil build"),
        (["status"], "reveil publish"),
        (["preview"], "reveil publish"),
        (["push", "--as-of", "1998-07-01"], "reveil build"),
        (["erase", "--as-of", "1998-07-01"], "reveil load"),
    ],
)
def test_in_an_empty_folder_every_verb_says_what_comes_first(desk: Desk, words: list[str], hint: str) -> None:
    refused = give(desk, *words)
    assert refused.exit_code == 2, refused.output
    assert hint in refused.stderr
    assert not desk.settings.warehouse.exists()


def test_an_error_is_json_on_stdout_and_words_on_stderr(desk: Desk) -> None:
    refused = give(desk, "status", "--json")
    told = json.loads(refused.stdout)
    assert told["verb"] == "status"
    assert told["error"] in refused.stderr


def test_json_is_one_object_and_nothing_else_on_stdout(desk: Desk) -> None:
    company.export(desk.settings.landing)
    loaded = figures(desk.run("--debug", "load", "--as-of", "2025-03-10", "--json"))
    assert loaded["verb"] == "load"
    assert loaded["rows_new"] == 2 * company.CONTACTS
    assert figures(desk.run("load", "--json"))["rows_new"] == 0


def test_load_check_tells_and_writes_nothing(desk: Desk) -> None:
    company.export(desk.settings.landing)
    told = give(desk, "load", "--check")
    assert told.exit_code == 0
    assert f"{company.CONTACTS} new" in told.stdout
    assert "nothing was written" in told.stdout
    assert not desk.settings.warehouse.exists()


def test_load_reads_another_folder_when_asked(desk: Desk, tmp_path: Path) -> None:
    elsewhere = tmp_path / "exports"
    company.export(elsewhere)
    told = json.loads(give(desk, "load", "--landing", str(elsewhere), "--check", "--json").stdout)
    assert told["rows_new"] == 2 * company.CONTACTS


def test_pause_and_resume_are_seen_by_the_doctor(desk: Desk) -> None:
    assert give(desk, "pause", "--why", "a look first").exit_code == 0
    assert "paused" in give(desk, "doctor").stdout
    assert give(desk, "resume").exit_code == 0
    assert "not paused" in give(desk, "doctor").stdout
    assert give(desk, "resume").exit_code == 0


def test_the_doctor_finds_a_healthy_clone_healthy(desk: Desk) -> None:
    told = give(desk, "doctor")
    assert told.exit_code == 0, told.stderr
    for name in ("settings", "sources", "campaigns", "disk", "warehouse", "esp"):
        assert f"ok    {name}: " in told.stdout
    assert not desk.settings.warehouse.exists()


def test_the_doctor_lists_every_fault_at_once(desk: Desk, tmp_path: Path) -> None:
    real = Desk(tmp_path, provider="listmonk")
    real.data.mkdir()
    (real.data / "warehouse.duckdb").write_bytes(b"no database")
    told = give(real, "doctor")
    assert told.exit_code == 1
    assert "WRONG esp: no address or credentials" in told.stderr
    assert "WRONG warehouse: " in told.stderr
    assert "is no database that can be read" in told.stderr
    assert "ok    settings" in told.stderr


def test_a_wrong_settings_file_is_named_with_its_key(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yml"
    file.write_text("push: {max_audience: 0}\nside_effect: send\n")
    refused = CliRunner().invoke(main, ["doctor"], env={**desk.environment, "REVEIL_SETTINGS": str(file)})
    assert refused.exit_code == 2
    assert all(word in refused.stderr for word in ("wrong.yml", "push.max_audience", "side_effect"))
