"""Search sees a value in every form in which it may stand, in every kind of file, and takes nothing else for it."""

import gzip
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from reveil.erasure.search import Search
from reveil.erasure.values import Values
from reveil.warehouse import connect

GONE = Values(frozenset({"contact-4711"}), frozenset({"ada.gone@mail.example"}))
SPELLINGS = [
    "ada.gone@mail.example",
    " Ada.Gone@MAIL.example ",
    "said by <ada.gone@mail.example>: hello",
    "https://shop.example/?to=ada.gone%40mail.example&x=1",
    r'{"to": "ada.gone\u0040mail.example"}',
]
OTHERS = ["xada.gone@mail.example", "ada.gone@mail.example2", "ada.gone@mail", "contact-47110", "xcontact-4711", ""]


def text(folder: Path, content: str) -> Path:
    file = folder / "notes.log"
    file.write_text(f"before\n{content}\nafter\n", encoding="utf-8")
    return file


def packed(folder: Path, content: str) -> Path:
    file = folder / "notes.csv.gz"
    file.write_bytes(gzip.compress(f"a,b\n1,{content}\n".encode()))
    return file


def sqlite(folder: Path, content: str) -> Path:
    file = folder / "airflow.db"
    with sqlite3.connect(file) as connection:
        connection.execute("create table notes (a text, b text)")
        connection.execute("insert into notes values ('x', ?)", (content,))
    connection.close()
    return file


def database(folder: Path, content: str) -> Path:
    file = folder / "some.duckdb"
    with connect(file) as connection:
        connection.execute("create schema if not exists raw")
        connection.execute('create or replace table raw.notes (other varchar, "the ""note" varchar, nothing varchar)')
        connection.execute("insert into raw.notes values ('x', ?, null), ('y', 'z', null)", [content])
    return file


def parquet(folder: Path, content: str) -> Path:
    file = folder / "notes.parquet"
    with connect(None) as connection:
        connection.execute("create table notes as select ? as note, 'x' as other", [content])
        connection.execute(f"copy notes to '{file}' (format parquet)")
    return file


KINDS = [text, packed, sqlite, database, parquet]


def places(file: Path, numbers: frozenset[str] = frozenset()) -> dict[str, int]:
    search = Search(GONE, numbers)
    search.file(file, file.name)
    return search.findings.places


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_address_is_seen_in_every_spelling(tmp_path: Path, kind: Callable[[Path, str], Path], spelling: str) -> None:
    assert sum(places(kind(tmp_path, spelling)).values()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_is_seen(tmp_path: Path, kind: Callable[[Path, str], Path]) -> None:
    assert sum(places(kind(tmp_path, "contact-4711")).values()) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", OTHERS)
def test_what_only_looks_alike_is_not_found(tmp_path: Path, kind: Callable[[Path, str], Path], other: str) -> None:
    assert places(kind(tmp_path, other)) == {}


def test_a_mailbox_key_made_of_an_id_is_seen_and_the_place_is_named(tmp_path: Path) -> None:
    assert places(database(tmp_path, "mcontact-4711")) == {'some.duckdb: raw.notes.the "note': 1}


def test_a_column_known_to_hold_other_ids_is_searched_for_addresses_only(tmp_path: Path) -> None:
    numbers = frozenset({'the "note'})
    assert places(database(tmp_path, "contact-4711"), numbers) == {}
    assert places(database(tmp_path, "ada.gone@mail.example"), numbers) != {}
