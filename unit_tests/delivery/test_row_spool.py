from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from destination_pinterest.delivery.row_spool import RowSpool

ADDRESS = "ada@example.com"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[RowSpool]:
    made = RowSpool(buffered=2_000, parent=tmp_path)
    yield made
    made.close()


def test_rows_come_back_by_audience_in_the_order_in_which_they_came(spool: RowSpool) -> None:
    chance = Random(7)
    expected: dict[int, list[list[Any]]] = {}
    for number in range(2_000):
        audience = chance.randrange(40)
        row = [number, "x" * chance.randrange(30), None]
        expected.setdefault(audience, []).append(row)
        spool.add(audience, row)
    assert spool.audiences == sorted(expected)
    assert {audience: list(spool.read(audience)) for audience in spool.audiences} == expected
    assert list(spool.read(41)) == []


def test_audiences_may_be_read_side_by_side(spool: RowSpool) -> None:
    for number in range(400):
        spool.add(number % 2, [number])
    pairs = list(zip(spool.read(0), spool.read(1), strict=True))
    assert pairs == [([number], [number + 1]) for number in range(0, 400, 2)]


@pytest.mark.parametrize("value", [10**40, "\ud800", 1.5, None, True, ["a", {"b": 1}], "", -1])
def test_every_value_that_json_can_write_comes_back(value: object, spool: RowSpool) -> None:
    spool.add(0, [value, [value]])
    assert list(spool.read(0)) == [[value, [value]]]


def test_nothing_on_the_disk_can_be_read(spool: RowSpool, tmp_path: Path) -> None:
    for _ in range(500):
        spool.add(1, [ADDRESS])
    (folder,) = tmp_path.iterdir()
    assert ADDRESS.encode() not in (folder / "rows").read_bytes()
    assert (folder / "rows").stat().st_mode & 0o077 == 0
    assert list(spool.read(1)) == [[ADDRESS]] * 500


def test_few_rows_need_no_disk(tmp_path: Path) -> None:
    spool = RowSpool(parent=tmp_path)
    spool.add(1, [ADDRESS])
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_what_was_cleared_is_gone_and_the_next_rows_are_not(spool: RowSpool) -> None:
    for number in range(500):
        spool.add(number % 3, [number])
    spool.clear()
    assert spool.audiences == []
    for number in range(500):
        spool.add(5, [number])
    assert list(spool.read(5)) == [[number] for number in range(500)]
    assert spool.size_of(5) > 0 == spool.size_of(1)


def test_the_folder_is_gone_after_the_end(tmp_path: Path) -> None:
    spool = RowSpool(buffered=10, parent=tmp_path)
    spool.add(1, ["x" * 20])
    spool.close()
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_rows_on_the_disk_need_no_database(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from destination_pinterest.delivery.row_spool import RowSpool\n"
        f"spool = RowSpool(buffered=10, parent=Path({str(tmp_path)!r}))\n"
        "spool.add(1, ['x' * 20])\n"
        "assert list(spool.read(1)) == [['x' * 20]]\n"
        "spool.close()\n"
        "print(*sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert not {"duckdb", "numpy", "destination_pinterest.membership"} & {*done.stdout.split()}
