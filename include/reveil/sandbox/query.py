"""The few forms of `query=`, the API's window on SQL, that the sandbox understands.

    CONDITION [AND CONDITION]...
    CONDITION  subscribers.COLUMN OP LITERAL | subscribers.COLUMN IN (LITERAL, ...)
               subscriber_lists.COLUMN OP LITERAL
               subscribers.attribs->>'KEY' = LITERAL   (also ->'KEY'->>'KEY', and IS NULL)

A real server runs whatever it is given. Everything else is answered with its 400.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from reveil.sandbox.clock import micros
from reveil.sandbox.wire import ApiError

_COLUMNS = {
    "subscribers": {"id", "uuid", "email", "name", "status", "created_at", "updated_at"},
    "subscriber_lists": {"subscriber_id", "list_id", "status", "created_at", "updated_at"},
}
_INSTANTS = {"created_at", "updated_at"}
_NUMBERS = {"id", "subscriber_id", "list_id"}
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<column>[a-z_]+\.[a-z_]+)|(?P<word>[a-z_]+)"
    r"|(?P<sign>->>|->|<>|!=|<=|>=|[=<>(),]))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Where:
    """A condition in the sandbox's own SQL, with its parameters."""

    sql: str
    parameters: tuple[str | int, ...]

    @property
    def reads_subscriptions(self) -> bool:
        return "subscriber_lists." in self.sql


def translate(text: str) -> Where:
    """ApiError 400, worded as the API words it, when the text is not one of the forms."""
    reader = _Reader(_tokens(text))
    conditions = [_condition(reader)]
    while reader.peek is not None:
        reader.expect("and")
        conditions.append(_condition(reader))
    sql = " and ".join(condition.sql for condition in conditions)
    return Where(sql, tuple(value for condition in conditions for value in condition.parameters))


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def peek(self) -> str | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def take(self) -> str:
        token = self.peek
        if token is None:
            raise _refused("syntax error at end of input")
        self._next += 1
        return token

    def expect(self, word: str) -> None:
        token = self.take()
        if token.lower() != word:
            raise _refused(f'syntax error at or near "{token}"')


def _tokens(text: str) -> list[str]:
    found, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise _refused(f'syntax error at or near "{text[position:].strip()[:1]}"')
        found.append(match[0].strip())
        position = match.end()
    return found


def _condition(reader: _Reader) -> Where:
    name = reader.take()
    if name.lower() == "subscribers.attribs":
        return _attribute(reader)
    table, column = _column(name)
    operator = reader.take().lower()
    if operator == "in":
        values = _list(reader, column)
        return Where(f"{table}.{column} in ({', '.join('?' * len(values))})", values)
    if operator not in ("=", "!=", "<>", "<", "<=", ">", ">="):
        raise _refused(f'syntax error at or near "{operator}"')
    return Where(f"{table}.{column} {operator} ?", (_literal(reader.take(), column),))


def _column(name: str) -> tuple[str, str]:
    table, _, column = name.lower().partition(".")
    if table not in _COLUMNS:
        if not column:
            raise _refused(
                f'column "{name}" does not exist' if name[0].isalpha() else f'syntax error at or near "{name}"'
            )
        raise _refused(f'missing FROM-clause entry for table "{table}"')
    if column not in _COLUMNS[table]:
        raise _refused(f"column {table}.{column} does not exist")
    return table, column


def _attribute(reader: _Reader) -> Where:
    keys = []
    arrow = ""
    while arrow != "->>":
        arrow = reader.take()
        if arrow not in ("->", "->>"):
            raise _refused(f'syntax error at or near "{arrow}"')
        keys.append(_text(reader.take()).replace('"', ""))
    path = "$" + "".join(f'."{key}"' for key in keys)
    if (reader.peek or "").lower() == "is":
        for word in ("is", "null"):
            reader.expect(word)
        return Where("subscribers.attribs ->> ? is null", (path,))
    reader.expect("=")
    return Where("cast(subscribers.attribs ->> ? as text) = ?", (path, _text(reader.take())))


def _list(reader: _Reader, column: str) -> tuple[str | int, ...]:
    reader.expect("(")
    values = [_literal(reader.take(), column)]
    while reader.peek == ",":
        reader.take()
        values.append(_literal(reader.take(), column))
    reader.expect(")")
    return tuple(values)


def _literal(token: str, column: str) -> str | int:
    if column in _NUMBERS:
        digits = token.strip("'")
        if not digits.isdigit():
            raise _refused(f'invalid input syntax for type integer: "{digits}"')
        return int(digits)
    text = _text(token)
    if column not in _INSTANTS:
        return text
    try:
        return micros(datetime.fromisoformat(text))
    except ValueError:
        raise _refused(f'invalid input syntax for type timestamp with time zone: "{text}"') from None


def _text(token: str) -> str:
    if not token.startswith("'"):
        raise _refused(f'syntax error at or near "{token}"')
    return token[1:-1].replace("''", "'")


def _refused(reason: str) -> ApiError:
    return ApiError(400, f"Error preparing subscriber query: pq: {reason}")
