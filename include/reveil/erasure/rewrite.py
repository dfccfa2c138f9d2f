"""The warehouse as a new file: DuckDB overwrites nothing that it deletes, so only a copy of what is left is without it.

Exclusive access → copy into a new file beside the old one → compared table by table → on disk → in the old one's
place, whose write-ahead log goes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from reveil import checkpoint
from reveil.checkpoint import sync
from reveil.errors import Refused
from reveil.settings import Settings
from reveil.warehouse import Warehouse, sql

_ROOM = 1.1
"""How much of the old file's size must be free: the copy is smaller, its log and spill are not."""

Fingerprints = dict[str, tuple[int, int | None]]
"""Per table: rows, and a sum over them that differs where a value does."""


def rewrite(settings: Settings) -> tuple[str, str]:
    """Copy, compare, swap. Returns the SHA-256 of the old file and of the new one. Repeatable.

    Raises Refused where there is no room or the copy differs; the old file then stays.
    """
    warehouse = Warehouse(settings)
    new = warehouse.path.with_suffix(".duckdb.new")
    with warehouse.exclusive("erase: new file"):
        checkpoint.remove(new)
        _require_room(warehouse.path)
        try:
            _copy(warehouse, new)
        except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
            checkpoint.remove(new)
            if not _is_lack_of_room(error):
                raise
            raise Refused(_no_room(warehouse.path)) from None
        with ThreadPoolExecutor(2) as pool:
            before, after = pool.map(_digest, (warehouse.path, new))
        sync(new)
        new.replace(warehouse.path)
        checkpoint.log_of(warehouse.path).unlink(missing_ok=True)
        sync(warehouse.path.parent)
    return before, after


def _require_room(path: Path) -> None:
    if shutil.disk_usage(path.parent).free < path.stat().st_size * _ROOM:
        raise Refused(_no_room(path))


def _is_lack_of_room(error: Exception) -> bool:
    """DuckDB has one class for all that goes wrong with a file; its words are the system's."""
    words = [os.strerror(number) for number in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)]
    return any(word in str(error) for word in words)


def _no_room(path: Path) -> str:
    needed = int(path.stat().st_size * _ROOM / 1_000_000) + 1
    return f"{path.parent}: no room for a new warehouse file, which needs {needed:,} MB; free them and run again"


def _copy(warehouse: Warehouse, new: Path) -> None:
    with warehouse.open() as connection:
        connection.execute(f"attach '{_quoted(str(new))}' as fresh")
        connection.execute(f'copy from database "{_quoted(warehouse.path.stem)}" to fresh')
        _compare(connection, warehouse.path.stem)
        connection.execute("checkpoint fresh")
        connection.execute("detach fresh")


def _compare(connection: duckdb.DuckDBPyConnection, old: str) -> None:
    """Raises Refused naming what is not the same in the copy."""
    for what in ("tables", "views", "indexes", "columns", "macros"):
        statement = sql(f"compare_{what}")
        there, here = (connection.execute(statement, {"database": one}).fetchall() for one in (old, "fresh"))
        if there != here:
            names = sorted({".".join(map(str, row[:2])) for row in set(there) ^ set(here)})
            raise Refused(f"the new warehouse file differs in its {what} ({', '.join(names)}); the old one stays")
    there_rows, here_rows = fingerprints(connection, old), fingerprints(connection, "fresh")
    wrong = [name for name, value in there_rows.items() if here_rows.get(name) != value]
    if wrong:
        raise Refused(f"the new warehouse file differs in the rows of {', '.join(wrong)}; the old one stays")


def fingerprints(connection: duckdb.DuckDBPyConnection, database: str) -> Fingerprints:
    """Rows and their sum for every table of a database."""
    names = connection.execute(sql("compare_tables"), {"database": database}).fetchall()
    found: Fingerprints = {}
    for schema, table, _ in names:
        query = f'select count(*), sum(hash(one)) from "{database}"."{schema}"."{table}" as one'
        count, total = connection.execute(query).fetchall()[0]
        found[f"{schema}.{table}"] = (int(count), None if total is None else int(total))
    return found


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _quoted(text: str) -> str:
    return text.replace("'", "''").replace('"', '""')
