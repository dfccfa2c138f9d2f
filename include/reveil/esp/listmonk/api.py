"""The calls of listmonk's API, as its adapter needs them: answers without their envelope, pages one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from reveil.esp.base import EspRejected
from reveil.esp.http import HttpSession


class Api:
    """One listmonk. Raises what HttpSession raises."""

    def __init__(self, http: HttpSession, page_size: int) -> None:
        self.http = http
        self.page_size = page_size

    def get(self, path: str, **params: Any) -> Any:
        return self.http.call("GET", path, repeatable=True, params=params).json()["data"]

    def send(self, method: str, path: str, body: dict[str, Any], repeatable: bool = False) -> Any:
        return self.http.call(method, path, repeatable=repeatable, json=body).json()["data"]

    def delete(self, path: str) -> None:
        """What is gone already answers 400 or 404: that is what was wanted."""
        try:
            self.http.call("DELETE", path, repeatable=True)
        except EspRejected as error:
            if error.status not in (400, 404):
                raise

    def lists(self) -> list[dict[str, Any]]:
        """All lists in one answer: listmonk pages them before it orders them, so pages may overlap."""
        return list(self.get("/api/lists", per_page="all")["results"])

    def pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        for page in itertools.count(1):
            data = self.get(path, page=page, per_page=self.page_size, **params)
            yield from data["results"]
            if page * self.page_size >= data["total"]:
                return


def subscription(row: dict[str, Any], list_id: int) -> dict[str, Any] | None:
    return next((one for one in row["lists"] if one["id"] == list_id), None)


def literals(values: Iterable[str]) -> str:
    """Text as listmonk's query, which is SQL, takes it."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def instant(text: str) -> datetime:
    """A naive UTC instant; listmonk writes its instants in UTC, with Z or +00:00."""
    return datetime.fromisoformat(text).replace(tzinfo=None)
