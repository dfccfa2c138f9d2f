import subprocess
import sys
from pathlib import Path

import pytest

from reveil.errors import BadInput, Busy
from reveil.raw_tables import RAW_TABLES
from reveil.settings import Settings
from reveil.warehouse import Warehouse, connect, staged

HOLDER = """
import sys
from reveil.settings import Settings
from reveil.warehouse import Warehouse
from pathlib import Path
settings = Settings(data=Path(sys.argv[1]))
with getattr(Warehouse(settings), sys.argv[2])("the other build"):
    print("holding", flush=True)
    sys.stdin.read()
"""


def hold(data: Path, kind: str) -> subprocess.Popen[str]:
    """Another process that holds the lock until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "holding\n"
    return process


def settings(tmp_path: Path, wait: float = 0.2) -> Settings:
    return Settings(data=tmp_path, lock_wait_seconds=wait)


def test_writing_makes_every_table_of_the_package_and_is_repeatable(tmp_path: Path) -> None:
    for _ in range(2):
        with Warehouse(settings(tmp_path)).write("test") as connection:
            found = connection.execute("select table_name from information_schema.tables where table_schema = 'raw'")
            names = {name for (name,) in found.fetchall()}
    assert {table.name for table in RAW_TABLES} <= names


def test_reading_before_the_first_load_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="reveil load"), Warehouse(settings(tmp_path)).read("test"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("held", "wanted"), [("exclusive", "shared"), ("exclusive", "exclusive"), ("shared", "exclusive")]
)
def test_whoever_waits_in_vain_learns_who_holds_the_warehouse(tmp_path: Path, held: str, wanted: str) -> None:
    process = hold(tmp_path, held)
    try:
        with pytest.raises(Busy, match=rf"`the other build` \(process {process.pid}\)") as refusal:
            getattr(Warehouse(settings(tmp_path)), wanted)("test").__enter__()
        assert refusal.value.exit_code == 1
    finally:
        process.communicate()


def test_readers_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with Warehouse(settings(tmp_path)).write("make"):
        pass
    process = hold(tmp_path, "shared")
    try:
        with Warehouse(settings(tmp_path)).read("test") as connection:
            assert connection.execute("select count(*) from journal.runs").fetchall() == [(0,)]
    finally:
        process.communicate()


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    process = hold(tmp_path, "exclusive")
    process.kill()
    process.communicate()
    with Warehouse(settings(tmp_path)).exclusive("test"):
        pass
    assert process.returncode == -9


def test_staged_rows_keep_nulls(tmp_path: Path) -> None:
    with (
        Warehouse(settings(tmp_path)).write("test") as connection,
        staged(connection, "pairs", ("a", "b"), [("1", None), ("2", "x")]),
    ):
        assert connection.execute("select a, b from pairs order by a").fetchall() == [("1", None), ("2", "x")]
    with Warehouse(settings(tmp_path)).write("test") as connection, staged(connection, "none", ("a",), []):
        assert connection.execute("select count(*) from none").fetchall() == [(0,)]


def test_a_file_with_a_torn_block_is_named_with_what_to_do(tmp_path: Path) -> None:
    """What a process that was killed while it wrote a block may leave: DuckDB finds another checksum."""
    file = tmp_path / "w.duckdb"
    with connect(file) as connection:
        connection.execute("create table t as select range as i from range(1000)")
    content = bytearray(file.read_bytes())
    content[12288 + 8 : 12288 + 72] = bytes(64)
    content[12288 + 72] ^= 255
    file.write_bytes(content)
    with (
        pytest.raises(BadInput, match=r"w\.duckdb: is no database that can be read here .*put back a copy"),
        connect(file),
    ):
        pass
