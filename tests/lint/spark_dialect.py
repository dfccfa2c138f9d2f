"""Reads every compiled model in Spark's dialect and names what would not move there.

Run by `make lint`. sqlglot parses generously, so three things are looked for besides: casts and
grouping that only DuckDB has, list literals, and functions that neither Spark nor our dispatched
macros know.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from reveil import transform
from reveil.settings import Settings
from reveil.warehouse import Warehouse

AS_OF = datetime(2026, 1, 1)
# what DuckDB's side of a dispatched macro calls; Spark's side stands beside it in macros/ and macros/seconds.sql
DISPATCHED = frozenset({"hash", "to_months", "to_days", "epoch"})


def problems(sql: str) -> Iterator[str]:
    """What keeps a statement from running on Spark; nothing when it is portable."""
    yield from _token_problems(sqlglot.tokenize(sql, read="duckdb"))
    try:
        statement = sqlglot.parse_one(sql, read="spark")
    except SqlglotError as error:
        yield f"Spark cannot read it: {str(error).splitlines()[0]}"
        return
    for function in statement.find_all(exp.Anonymous):
        if function.name.lower() not in DISPATCHED:
            yield f"Spark has no function {function.name}"
    for window in statement.find_all(exp.Window):
        if isinstance(window.this, exp.Filter):
            yield "Spark has no filter in a window function"
    if any(star.args.get("except_") or star.args.get("replace") for star in statement.find_all(exp.Star)):
        yield "`select *` with exclude or replace is DuckDB's alone"


def _token_problems(tokens: list[Token]) -> Iterator[str]:
    if tokens[0].token_type is TokenType.FROM:
        yield "a statement begins with select or with"
    for token, following, third in zip(tokens, [*tokens[1:], None], [*tokens[2:], None, None], strict=False):
        words = tuple(each.text.lower() if each else "" for each in (token, following, third))
        if token.token_type is TokenType.DCOLON:
            yield f"line {token.line}: `::` is no portable cast"
        if token.token_type is TokenType.L_BRACKET:
            yield f"line {token.line}: list literals and subscripts are not portable"
        if token.token_type is TokenType.IDENTIFIER:
            yield f"line {token.line}: Spark takes a name in double quotes for a text"
        if token.token_type is TokenType.GROUP_BY and words[1] == "all":
            yield f"line {token.line}: `group by all` is not portable"
        if words[:2] == ("filter", "(") and words[2] != "where":
            yield f"line {token.line}: a filter without where is DuckDB's alone"
        if words[0] == "asof":
            yield f"line {token.line}: an asof join is DuckDB's alone"


def compiled(folder: Path) -> dict[str, str]:
    """Every model's SQL, from a project that needs no data."""
    settings = Settings(data=folder)
    with Warehouse(settings).write("lint"):
        pass
    return transform.compiled(settings, AS_OF)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        models = compiled(Path(folder))
    found = [f"{name}: {problem}" for name, sql in sorted(models.items()) for problem in problems(sql)]
    print("\n".join(found) or f"{len(models)} models read in Spark's dialect")
    return 1 if found or not models else 0


if __name__ == "__main__":
    sys.exit(main())
