"""Checkpoints that a kill cannot tear.

DuckDB's checkpoint writes what is new into free blocks, then the header that names them: the old state stays whole
until the new one is. With one exception: a block that holds the catalogue and has room left is written again where it
lies. A process that dies in the middle of that leaves a block with a wrong checksum, in a file that DuckDB refuses.

So checkpoints happen here alone, one at the end of a session; until then what is committed is in the write-ahead log.
Before one, the file's headers and the blocks of its catalogue go into a file beside it, which is deleted after it.
Where that file is found later, the checkpoint was cut short: if the headers are still the same, the old state is the
valid one, and the blocks are put back; if they are not, the new state is complete.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from reveil.errors import ReveilError

ONLY_AT_THE_END = {"checkpoint_threshold": "1TB", "auto_checkpoint_skip_wal_threshold": str(10**12)}
"""Configuration of a connection that leaves the checkpoint to `checkpoint`."""

_HEADERS = 3 * 4096
"""Bytes before the first block: the file's header and two headers of the database, which are written in turn."""
_NUMBER = 8


def leave_to_the_end(connection: duckdb.DuckDBPyConnection) -> None:
    """DuckDB has no setting for this one: closing is not to checkpoint either."""
    connection.execute("pragma disable_checkpoint_on_shutdown")


def checkpoint(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Move what is committed from the log into the file. Nobody else may have it open.

    Raises ReveilError where there is no room: the log then stays, and the next session tries again.
    """
    if not log_of(path).exists():
        return
    try:
        _save(connection, path)
        connection.execute("checkpoint")
    except (OSError, duckdb.IOException, duckdb.FatalException):
        raise ReveilError(
            f"{path}: what was written is safe in {log_of(path).name}, but cannot be moved into the file; "
            f"make room in {path.parent} and run again"
        ) from None
    _kept(path).unlink()


def was_cut_short(path: Path) -> bool:
    """Whether a checkpoint of this file has begun and not ended."""
    return _kept(path).exists()


def mend(path: Path) -> None:
    """Put a file back in order whose checkpoint was cut short. Under the exclusive lock; repeatable."""
    _unfinished(path).unlink(missing_ok=True)
    if was_cut_short(path) and path.exists():
        _put_back(path)
    _kept(path).unlink(missing_ok=True)


def log_of(path: Path) -> Path:
    """The file's write-ahead log."""
    return path.with_name(path.name + ".wal")


def remove(path: Path) -> None:
    """Delete a database file and all that may lie beside it. Repeatable."""
    for file in (_kept(path), _unfinished(path), log_of(path), path):
        file.unlink(missing_ok=True)


def _kept(path: Path) -> Path:
    return path.with_name(path.name + ".before")


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + ".before.part")


def _put_back(path: Path) -> None:
    with _kept(path).open("rb") as kept, path.open("r+b") as file:
        if kept.read(_HEADERS) != file.read(_HEADERS):
            return
        size = int.from_bytes(kept.read(_NUMBER), "little")
        while number := kept.read(_NUMBER):
            file.seek(_HEADERS + int.from_bytes(number, "little") * size)
            file.write(kept.read(size))
        file.flush()
        os.fsync(file.fileno())


def _save(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The headers, the size of a block, and each block of the catalogue after its number."""
    [(size,)] = connection.execute("select block_size from pragma_database_size()").fetchall()
    blocks = connection.execute("select block_id from pragma_metadata_info() order by block_id").fetchall()
    with path.open("rb") as file, _unfinished(path).open("wb") as kept:
        kept.write(file.read(_HEADERS) + size.to_bytes(_NUMBER, "little"))
        for (number,) in blocks:
            file.seek(_HEADERS + number * size)
            if len(block := file.read(size)) == size:  # else it is one that the checkpoint has yet to add
                kept.write(number.to_bytes(_NUMBER, "little") + block)
        kept.flush()
        os.fsync(kept.fileno())
    _unfinished(path).replace(_kept(path))
    sync(path.parent)


def sync(path: Path) -> None:
    """A file's content, or a folder's entries, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
