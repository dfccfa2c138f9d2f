"""The compliance file and its keys."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from reveil.compliance import Compliance, Suppression
from reveil.errors import BadInput
from reveil.settings import Settings, load_settings
from reveil.warehouse import Warehouse

ERASED_AT = datetime(2001, 7, 1)
EXPIRES_ON = date(2011, 7, 1)
ANN = Suppression("4711", "ann@customer.example", "request", had_objected=True)
BOB = Suppression("4712", None, "retention")


def settings(tmp_path: Path, key_file: Path | None = None) -> Settings:
    return Settings(data=tmp_path / "data", lock_wait_seconds=0.2, suppression_key_file=key_file)


def add(compliance: Compliance, run_id: str = "R1", *people: Suppression) -> None:
    with compliance.write("test") as connection:
        compliance.add_suppressions(
            connection, run_id, people or (ANN, BOB), erased_at=ERASED_AT, expires_on=EXPIRES_ON
        )


def entries(compliance: Compliance) -> list[tuple[object, ...]]:
    with compliance.read("test") as connection:
        return connection.execute("from suppressions order by contact_hmac").fetchall()


def test_reading_before_anybody_was_erased_finds_empty_tables_and_makes_no_file(tmp_path: Path) -> None:
    compliance = Compliance(settings(tmp_path))
    assert entries(compliance) == []
    assert not compliance.exists


def test_an_entry_holds_hmacs_under_the_key_of_the_file_and_nothing_else_of_the_person(tmp_path: Path) -> None:
    compliance = Compliance(settings(tmp_path))
    add(compliance)
    key = (tmp_path / "data" / "keys" / "0001.key").read_bytes()

    def expected(value: str) -> str:
        return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()

    assert len(key) == 32
    assert compliance.hmac("4711") == expected("4711")
    found = {(row[1], row[2], row[3], row[4], row[5], row[9]) for row in entries(compliance)}
    assert found == {
        (expected("ann@customer.example"), expected("4711"), "0001", "request", "pending", True),
        (None, expected("4712"), "0001", "retention", "pending", False),
    }
    assert b"ann@customer" not in compliance.path.read_bytes()


def test_the_same_run_again_adds_nothing_and_another_run_does(tmp_path: Path) -> None:
    compliance = Compliance(settings(tmp_path))
    add(compliance)
    add(compliance)
    assert len(entries(compliance)) == 2
    add(compliance, "R2")
    assert len(entries(compliance)) == 4


def test_file_and_keys_are_their_owners_alone(tmp_path: Path) -> None:
    compliance = Compliance(settings(tmp_path))
    add(compliance)
    for file in (compliance.path, tmp_path / "data" / "keys" / "0001.key"):
        assert file.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (tmp_path / "data" / "keys").iterdir()] == ["0001.key"]


def test_a_new_key_serves_new_entries_and_the_old_one_reads_old_ones(tmp_path: Path) -> None:
    compliance = Compliance(settings(tmp_path))
    before = compliance.hmac("4711")
    assert compliance.rotate() == "0002"
    assert compliance.hmac("4711") != before
    assert compliance.hmacs(["4711"], "0001") == [before]


def test_a_lost_key_is_an_error_and_never_replaced(tmp_path: Path) -> None:
    compliance = Compliance(settings(tmp_path))
    add(compliance)
    (tmp_path / "data" / "keys" / "0001.key").unlink()
    with pytest.raises(BadInput, match=r"0001\.key: missing.*put it back"):
        compliance.hmac("4711")
    with pytest.raises(BadInput, match=r"0001\.key: missing"):
        compliance.rotate()


def test_a_key_from_outside_is_used_where_the_environment_names_it(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "autumn.key"
    file.parent.mkdir()
    file.write_bytes(bytes(range(32)))
    there = load_settings({"REVEIL_SUPPRESSION_KEY_FILE": str(file), "REVEIL_DATA": str(tmp_path / "data")})
    compliance = Compliance(there)
    assert compliance.key_id() == "autumn"
    assert compliance.hmac("x") == hmac.new(bytes(range(32)), b"x", hashlib.sha256).hexdigest()
    with pytest.raises(BadInput, match="REVEIL_SUPPRESSION_KEY_FILE"):
        compliance.rotate()
    file.write_bytes(b"short")
    with pytest.raises(BadInput, match="shorter than 32 bytes"):
        compliance.hmac("x")


def test_it_is_written_while_the_warehouse_is_and_not_while_somebody_else_writes_it(tmp_path: Path) -> None:
    there = settings(tmp_path)
    with Warehouse(there).write("test"):
        add(Compliance(there))
    program = (
        "import sys; from pathlib import Path; from reveil.compliance import Compliance; "
        "from reveil.settings import Settings\n"
        "with Compliance(Settings(data=Path(sys.argv[1]), lock_wait_seconds=0.2)).read('x'): pass"
    )
    command = [sys.executable, "-c", program, str(there.data)]
    with Compliance(there).write("the erasure"):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "held by `the erasure`" in done.stderr
