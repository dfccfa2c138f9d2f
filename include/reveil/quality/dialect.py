"""How Great Expectations talks to DuckDB: a small SQLAlchemy dialect that only reads.

Great Expectations closes its connection before it fetches, and the rollback on close would
discard DuckDB's pending result. Nothing is written here, so transactions are left out altogether.
PostgreSQL's SQL is close enough to DuckDB's; its catalogue is not, so columns are read from
information_schema.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDialect

from reveil.warehouse import sql

URL = "duckdb+reveil://"
"""Without a path: the file travels in connect_args, where no character has a second meaning."""

_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "BIGINT": sa.BigInteger,
    "BOOLEAN": sa.Boolean,
    "DATE": sa.Date,
    "DECIMAL": sa.Numeric,
    "DOUBLE": sa.Double,
    "INTEGER": sa.Integer,
    "SMALLINT": sa.SmallInteger,
    "TIMESTAMP": sa.TIMESTAMP,
    "VARCHAR": sa.String,
}


class ReadOnlyDialect(PGDialect):
    """DuckDB without transactions, locks or isolation levels."""

    name = "duckdb"
    driver = "reveil"
    default_paramstyle = "qmark"
    supports_statement_cache = False
    supports_sane_rowcount = False

    @classmethod
    def import_dbapi(cls) -> Any:
        return duckdb

    def create_connect_args(self, url: sa.URL) -> Any:
        return [], {}

    def connect(self, *positional: Any, **named: Any) -> Any:
        connection = duckdb.connect(*positional, **named)
        connection.execute("set TimeZone = 'UTC'")
        return connection

    def initialize(self, connection: Any) -> None:
        """Nothing to ask: the server version and the like are PostgreSQL's."""

    def do_begin(self, dbapi_connection: Any) -> None:
        """Nothing to begin."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Nothing to commit."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Nothing to undo; a rollback would throw away the result that is still to be fetched."""

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:
        rows = connection.execute(sa.text(sql("table_columns")), {"schema": schema, "table": str(table_name)})
        return [{"name": name, "type": _type(kind)} for name, kind in rows.fetchall()]

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:
        return {"constrained_columns": [], "name": None}

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> bool:
        return bool(self.get_columns(connection, table_name, schema))


def _type(kind: str) -> sa.types.TypeEngine[Any]:
    return _TYPES.get(kind.split("(")[0], sa.types.NullType)()


def register() -> None:
    """Make the dialect known under the URL above."""
    registry.register("duckdb.reveil", __name__, ReadOnlyDialect.__name__)


def connect_args(path: Path, config: dict[str, Any]) -> dict[str, Any]:
    """What duckdb.connect gets: the file, read-only."""
    return {"database": str(path), "read_only": True, "config": config}
