"""Nothing that names a person, in any form, is on a disk: neither in the store nor in the private folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import STORE_KEY, Shop, person

ADD, REMOVE = Operation.ADD, Operation.REMOVE
PEOPLE = [person("a"), person("b"), "5d41402abc4b2a76b9719d911017c592", "XY1999-LiveRamp-envelope-of-one-person-000001"]
KEY = "customer-4711-of-the-warehouse"


@pytest.mark.parametrize(
    ("in_memory", "memory", "written"), [(1_000_000, "6MiB", "spill/*"), (20_000, "32MiB", "*.duckdb")]
)
def test_neither_the_store_nor_the_work_on_it_shows_an_identifier_or_a_key(
    shop: Shop, private: Path, in_memory: int, memory: str, written: str
) -> None:
    shop.sizes = Sizes(batch=10_000, in_memory=in_memory)
    ledger = shop.open()
    # So little memory that DuckDB writes to the private folder.
    ledger._workspace.execute(f"SET memory_limit = '{memory}'")
    for number in range(100_000):
        ledger.record("s", (f"{KEY}-{number}",), ADD, [PEOPLE[number % 4] if number < 8 else person(str(number))])
    ledger.record("s", (KEY,), REMOVE, [person("c")])
    ledger.remove_everywhere([person("d")])
    ledger._spool.flush()
    spilled = [path for path in private.rglob(written) if path.is_file()]
    assert sum(path.stat().st_size for path in spilled) > 1_000_000
    forbidden = [*_forms([*PEOPLE, *map(person, ("c", "d", "100"))]), KEY.encode(), STORE_KEY.encode()]
    _assert_without(forbidden, spilled)
    ledger._workspace.execute("SET memory_limit = '200MiB'")
    delta = ledger.diff(["s"])
    ledger.write_ahead(delta)
    _assert_without(forbidden, (path for path in private.rglob("*") if path.is_file()))
    _assert_without(forbidden, shop.folder.iterdir())
    ledger.commit(delta, "1")
    _assert_without(forbidden, shop.folder.iterdir())


def test_reprs_show_nobody(shop: Shop) -> None:
    with shop.open() as ledger:
        ledger.record("s", (KEY,), ADD, [PEOPLE[0]])
        assert PEOPLE[0] not in repr(ledger.diff())


def _forms(identifiers: list[str]) -> list[bytes]:
    raw = [bytes.fromhex(one) for one in identifiers if len(one) == 64 or len(one) == 32]
    return [one.encode() for one in identifiers] + raw + [one[:12] for one in raw]


def _assert_without(forbidden: list[bytes], paths: Iterable[Path]) -> None:
    for path in paths:
        content = path.read_bytes()
        assert not [some for some in forbidden if some in content], path
