"""Must hold: a kill in a checkpoint, wherever it falls, leaves a file that opens and holds all that was committed."""

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from reveil import checkpoint
from reveil.compliance import Compliance
from reveil.errors import ReveilError
from reveil.settings import Settings
from reveil.warehouse import Warehouse, connect, open_to_write

HEADERS, BLOCK = 12288, 262144
TABLES = 12


def write(connection: duckdb.DuckDBPyConnection, session: int) -> None:
    """What a night does to the file: tables made, filled, thinned out."""
    for table in range(TABLES):
        connection.execute(f"create table if not exists t{table} (id integer, name varchar)")
        connection.execute(f"insert into t{table} select range, 'n' || range from range(300)")
    connection.execute(f"delete from t{session % TABLES} where id % 3 = 0")


def rows(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int, str]]:
    query = " union all ".join(f"select count(*), sum(id), max(name) from t{table}" for table in range(TABLES))
    return connection.execute(query).fetchall()


class Cut:
    """A file before and after a checkpoint, with what the checkpoint left beside it meanwhile."""

    def __init__(self, folder: Path, sessions: int) -> None:
        self.file = folder / "w.duckdb"
        for session in range(sessions):
            with open_to_write(self.file) as connection:
                write(connection, session)
        with suppress(InterruptedError), open_to_write(self.file) as connection:
            write(connection, sessions)
            self.rows = rows(connection)
            raise InterruptedError  # the session ends before its checkpoint
        self.before, self.log = self.file.read_bytes(), checkpoint.log_of(self.file).read_bytes()
        with open_to_write(self.file) as connection:
            checkpoint._save(connection, self.file)
            self.kept = checkpoint._kept(self.file).read_bytes()
        self.after = self.file.read_bytes()
        assert not checkpoint.was_cut_short(self.file)

    @property
    def rewritten(self) -> list[int]:
        """The blocks of the old file that the checkpoint wrote to."""
        places = range(HEADERS, min(len(self.before), len(self.after)), BLOCK)  # cut off is only what was free anyway
        return [place for place in places if self.before[place:][:BLOCK] != self.after[place:][:BLOCK]]

    def lay(self, content: bytes) -> None:
        self.file.write_bytes(content)
        checkpoint.log_of(self.file).write_bytes(self.log)
        checkpoint._kept(self.file).write_bytes(self.kept)

    def torn(self) -> Iterator[bytes]:
        """Every state in which a kill may leave the blocks: those before it written, it half, those after it not."""
        for place in self.rewritten:
            for half in (4096, BLOCK // 2, BLOCK - 4096):
                written = slice(HEADERS, place + half)
                content = bytearray(self.before)
                content[written] = self.after[written]
                yield bytes(content)


@pytest.mark.parametrize("sessions", [1, 2, 5])
def test_a_checkpoint_cut_short_at_any_block_is_mended(tmp_path: Path, sessions: int) -> None:
    cut = Cut(tmp_path, sessions)
    for content in cut.torn():
        cut.lay(content)
        with open_to_write(cut.file) as connection:
            assert rows(connection) == cut.rows
        assert sorted(file.name for file in tmp_path.iterdir()) == ["w.duckdb"]


def test_without_what_is_kept_duckdb_refuses_some_of_these_files(tmp_path: Path) -> None:
    """The reason for it all: where this fails, DuckDB no longer writes in place and reveil.checkpoint can go."""
    cut = Cut(tmp_path, 2)
    refused = 0
    for content in cut.torn():
        cut.lay(content)
        try:
            duckdb.connect(cut.file).close()
        except duckdb.Error:
            refused += 1
    assert refused


def test_a_checkpoint_that_had_ended_is_left_as_it_is(tmp_path: Path) -> None:
    cut = Cut(tmp_path, 2)
    checkpoint._kept(cut.file).write_bytes(cut.kept)
    checkpoint.mend(cut.file)
    assert cut.file.read_bytes() == cut.after
    assert sorted(file.name for file in tmp_path.iterdir()) == ["w.duckdb"]


def test_what_was_kept_of_a_file_that_is_gone_goes(tmp_path: Path) -> None:
    cut = Cut(tmp_path, 1)
    cut.lay(cut.before)
    cut.file.unlink()
    checkpoint.mend(cut.file)
    assert not checkpoint.was_cut_short(cut.file)


def test_a_session_checkpoints_once_at_its_end(tmp_path: Path) -> None:
    """However much it commits: DuckDB by itself would after 16 MiB."""
    file = tmp_path / "w.duckdb"
    with open_to_write(file) as connection:
        headers = file.read_bytes()[:HEADERS]
        connection.execute("create table big as select hash(range) as a, hash(range + 7) as b from range(3000000)")
        connection.execute("create table small (id varchar primary key)")
        connection.execute("insert into small select hash(range) from range(400000)")
        connection.execute("update big set a = 0")
        assert file.read_bytes()[:HEADERS] == headers
        assert checkpoint.log_of(file).stat().st_size > 16 << 20
    assert file.read_bytes()[:HEADERS] != headers
    assert [one.name for one in tmp_path.iterdir()] == ["w.duckdb"]


@pytest.mark.parametrize("room", ["for nothing", "for what is put aside"])
def test_without_room_for_a_checkpoint_all_stays_in_the_log_and_it_is_said(tmp_path: Path, room: str) -> None:
    file = tmp_path / "w.duckdb"
    with open_to_write(file) as connection:
        write(connection, 0)
    before = file.read_bytes()
    limit = {"for nothing": 4096, "for what is put aside": len(before)}[room]
    with pytest.raises(ReveilError, match=r"safe in w\.duckdb\.wal, .*make room in"):
        write_with_room_for(open_to_write(file), limit)
    assert checkpoint.was_cut_short(file) == (room == "for what is put aside")
    with open_to_write(file) as connection:
        assert rows(connection)[1] == (600, 2 * sum(range(300)), "n99")
    assert [one.name for one in tmp_path.iterdir()] == ["w.duckdb"]


def test_a_first_session_without_room_keeps_what_it_says_is_safe(tmp_path: Path) -> None:
    warehouse = Warehouse(Settings(data=tmp_path))
    with pytest.raises(ReveilError, match=r"safe in warehouse\.duckdb\.wal"):
        write_with_room_for(warehouse.write("test"), 4096)
    with warehouse.read("test") as connection:
        assert rows(connection)[1] == (300, sum(range(300)), "n99")


def write_with_room_for(session: AbstractContextManager[duckdb.DuckDBPyConnection], size: int) -> None:
    """A session at whose end no file may grow beyond that size."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with session as connection:
            write(connection, 3)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@contextmanager
def _shared(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """As Great Expectations reads: by a connection of its own, under the lock."""
    with Warehouse(settings).shared("test"), connect(settings.warehouse, read_only=True) as connection:
        yield connection


@contextmanager
def _exchange(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with Warehouse(settings).exclusive("test"), connect(settings.warehouse) as connection:
        yield connection


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("warehouse", _shared),
        ("warehouse", lambda settings: Warehouse(settings).read("test")),
        ("warehouse", lambda settings: Warehouse(settings).write("test")),
        ("warehouse", _exchange),
        ("compliance", lambda settings: Compliance(settings).read("test")),
        ("compliance", lambda settings: Compliance(settings).write("test")),
    ],
)
def test_whoever_opens_the_warehouse_or_the_compliance_file_finds_it_whole(
    tmp_path: Path, name: str, way: Callable[[Settings], AbstractContextManager[duckdb.DuckDBPyConnection]]
) -> None:
    cut = Cut(tmp_path, 3)
    cut.lay(next(cut.torn()))
    for file in list(tmp_path.glob("w.*")):
        file.rename(tmp_path / file.name.replace("w.", f"{name}.", 1))
    with way(Settings(data=tmp_path)) as connection:
        assert rows(connection) == cut.rows
