"""What must not be found any more, and finding it in bytes, quickly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import numpy

from reveil.addresses import MAX_ADDRESS

_AT = ord("@")
_BEFORE = 4
_AFTER = 4
_WORD = re.compile(rb"[a-z0-9._+\-]")
ESCAPES = (b"\\n", b"\\r", b"\\t")
_IDS = re.compile(rb"[\w.:-]+")
OVERLAP = MAX_ADDRESS + 16
"""How much of a chunk the next one repeats, so that nothing hides on the seam."""


@dataclass(frozen=True)
class Values:
    """Who is gone: contact ids, and every spelling of an address that nobody else has, in lower case."""

    ids: frozenset[str]
    addresses: frozenset[str]

    @property
    def count(self) -> int:
        return len(self.ids) + len(self.addresses)

    @property
    def telling_ids(self) -> frozenset[bytes]:
        """Ids that mean nobody but a contact wherever they stand: `4711` may be any number."""
        return frozenset(one.encode() for one in self.ids if len(one) >= 6 and not one.isdecimal())


class Searcher:
    """Finds addresses in bytes. Around each @ four bytes on either side are looked up first, all of them at once;
    only where those fit is the address compared."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._by_key: dict[int, dict[int, list[tuple[bytes, int]]]] = {}
        for address in addresses:
            wanted = address.lower().encode()
            at = wanted.rfind(b"@")
            if at < 1:
                continue
            width = min(at, _BEFORE)
            key = _key_of(wanted[at - width : at] + wanted[at + 1 : at + 1 + _AFTER].ljust(_AFTER, b"\0"))
            self._by_key.setdefault(width, {}).setdefault(key, []).append((wanted, at))
        self._keys = {width: numpy.fromiter(sorted(keys), dtype=numpy.uint64) for width, keys in self._by_key.items()}

    def find(self, content: bytes) -> set[str]:
        """The addresses that stand in it: plain, as an URL hides them, as JSON does."""
        return {hit.decode() for form in forms(content) for hit in self._in(form)}

    def _in(self, content: bytes) -> Iterator[bytes]:
        padded = b"\0" * _BEFORE + content.lower() + b"\0" * _AFTER
        buffer = numpy.frombuffer(padded, dtype=numpy.uint8)
        places = numpy.flatnonzero(buffer == _AT)
        # an @ in the padding's reach has its neighbours all the same
        for width, keys in self._keys.items():
            seen = _keys_at(buffer, places, width)
            at = numpy.searchsorted(keys, seen)
            fits = keys[numpy.minimum(at, len(keys) - 1)] == seen
            for place, key in zip(places[fits].tolist(), seen[fits].tolist(), strict=True):
                for wanted, offset in self._by_key[width][key]:
                    if _stands(padded, wanted, place - offset):
                        yield wanted


def _keys_at(buffer: numpy.ndarray, places: numpy.ndarray, width: int) -> numpy.ndarray:
    keys = numpy.zeros(len(places), dtype=numpy.uint64)
    for offset in [*range(-width, 0), *range(1, _AFTER + 1)]:
        keys = (keys << numpy.uint64(8)) | buffer[places + offset].astype(numpy.uint64)
    return keys


def _key_of(text: bytes) -> int:
    return int.from_bytes(text, "big")


def _stands(content: bytes, wanted: bytes, start: int) -> bool:
    """Whether the address stands there whole: `maria@…` does not hold `a@…`."""
    if start < 0 or content[start : start + len(wanted)] != wanted:
        return False
    before, after = content[max(start - 2, 0) : start], content[start + len(wanted) :][:1]
    begins = not _WORD.fullmatch(before[-1:]) or before in ESCAPES
    return begins and not re.fullmatch(rb"[a-z0-9\-]", after)


def forms(content: bytes) -> Iterator[bytes]:
    """A text as it stands, and as what an URL or JSON made of it."""
    yield content
    if b"%40" in content:
        yield unquote_to_bytes(content)
    if b"\\u0040" in content:
        yield content.replace(b"\\u0040", b"@")


def ids_in(content: bytes, ids: frozenset[bytes]) -> set[str]:
    """Which of the ids stand in a text as words of their own."""
    return {hit.decode() for hit in ids.intersection(_IDS.findall(content))} if ids else set()
