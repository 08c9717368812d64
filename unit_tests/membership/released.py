"""Stores that version 0.1.0 wrote, in the folder released_0_1_0, and what they hold.

They were written once, by the code of commit e4c931c under STORE_KEY, and are never written again. "Customers" is the
table TABLE and a newsletter; its base is as small as it is because the writer was told to write one from four holdings
on. "Leads" was left by a sync that was killed: after it had committed E and F, it was about to remove E and to add G.
"Orders" is SPELLED, whose keys have a spelling for which the present version has another one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb

from destination_pinterest.vocabulary import ColumnType, Operation
from unit_tests.membership.shop import Row, person

MIRRORED: Final = "Customers"
KILLED: Final = "Leads"
ORDERS: Final = "Orders"
A, D, E, F, G = (person(name) for name in "adefg")
LONG: Final = "XY-" * 40
MD5: Final = "5d41402abc4b2a76b9719d911017c592"
TABLE: Final[list[Row]] = [
    ("crm.users", [1], Operation.ADD, [A, LONG]),
    ("crm.users", [2], Operation.ADD, [D]),
    ("crm.users", [3], Operation.ADD, [MD5]),
    ("crm.users", [4], Operation.ADD, ["idfa@example.com"]),
    ("crm.users", [5], Operation.REMOVE, [person("z")]),
]
SPELLED: Final[list[Row]] = [
    ("events", ["2026-11-22T10:00:00+00:00"], Operation.ADD, [A]),
    ("events", ["2026-11-22T10:00:00.500Z"], Operation.ADD, [person("b"), LONG]),
    ("orders", [1.0, "10.50"], Operation.ADD, [person("c")]),
    ("orders", [2, {"b": 1, "a": 2}], Operation.ADD, [D]),
    ("orders", [3, "x"], Operation.ADD, [E]),
    ("orders", ["4", True], Operation.ADD, [F]),
]
KEY_TYPES: Final = {"events": (ColumnType.MOMENT,), "orders": (ColumnType.INTEGER, ColumnType.NUMBER)}

_FOLDER: Final = Path(__file__).with_name("released_0_1_0")


def files() -> dict[str, bytes]:
    """The stores' files, by their names in the place."""
    return {path.relative_to(_FOLDER).as_posix(): path.read_bytes() for path in _FOLDER.rglob("*.*")}


def shapes(content: Mapping[str, bytes], scratch: Path) -> dict[str, list[str]]:
    """By kind of file, the manifest's keys or a data file's columns with their types."""
    found: dict[str, list[str]] = {}
    for name, body in content.items():
        kind = name.rpartition("/")[2].partition("-")[0]
        if kind == "manifest.json":
            document = json.loads(body)
            found[kind] = [*document, *document["manifest"]]
        else:
            (scratch / "shape.parquet").write_bytes(body)
            described = duckdb.execute("DESCRIBE FROM read_parquet(?)", [str(scratch / "shape.parquet")]).fetchall()
            found[kind] = [f"{column} {its_type}" for column, its_type, *_ in described]
    return found
