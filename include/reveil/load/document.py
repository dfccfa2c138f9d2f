"""A YAML file as plain text values, with the line of every key: for messages that point at it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from reveil.errors import BadInput

Place = tuple[str, ...]
"""The keys (and positions in lists) that lead to a value."""


class Document:
    """`values` holds blocks, lists and texts only: `no` stays the text "no", so that a map from a
    company's words is read as it stands. An empty value is None."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lines: dict[Place, int] = {}
        root = self._compose()
        self.values: Any = {} if root is None else self._read(root, ())

    def where(self, place: Place) -> str:
        """`sources.yml, line 12`: the line of the nearest key that stands in the file."""
        for length in range(len(place), 0, -1):
            if line := self._lines.get(place[:length]):
                return f"{self.file}, line {line}"
        return str(self.file)

    def _compose(self) -> yaml.Node | None:
        try:
            text = self.file.read_text(encoding="utf-8")
            return yaml.compose(text, Loader=yaml.BaseLoader)
        except FileNotFoundError:
            raise BadInput(f"{self.file}: not found; restore it from the project") from None
        except UnicodeDecodeError:
            raise BadInput(f"{self.file}: must be UTF-8 text") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f", line {mark.line + 1}" if mark else ""
            raise BadInput(f"{self.file}{line}: not valid YAML") from None

    def _read(self, node: yaml.Node, place: Place) -> Any:
        self._lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._block(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._read(item, (*place, str(n))) for n, item in enumerate(node.value)]
        is_empty = node.value == "" and getattr(node, "style", None) is None
        return None if is_empty else node.value

    def _block(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        block: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise BadInput(f"{self.file}, line {line}: a key must be a text")
            if key.value in block:
                raise BadInput(f"{self.file}, line {line}: `{key.value}` stands here twice; keep one")
            self._lines[(*place, key.value)] = line
            block[key.value] = self._read(value, (*place, key.value))
        return block
