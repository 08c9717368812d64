from __future__ import annotations

import json
from contextlib import suppress

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StoreMismatchError
from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.exclusive import Exclusive
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.rekeying import rekey
from destination_pinterest.membership.store_key import StoreKey
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import AD_ACCOUNT, CHEAP, STORE_KEY, KilledError, MortalBlobs, Shop, person
from unit_tests.support.raises import raises

ADD = Operation.ADD
NEW_KEY = "the new key of the store"
AUDIENCES = ("A", "B")


@pytest.fixture
def kept(shop: Shop) -> Shop:
    for name in AUDIENCES:
        shop.sync([("s", (1,), ADD, [person("a")]), ("s", (2,), ADD, [person(name)])], audience=name)
    return shop


def change_key(shop: Shop, blobs: Blobs | None = None, *, old: str = STORE_KEY, new: str = NEW_KEY) -> list[bool]:
    """Whether each ledger had only the new key before."""
    exclusive = Exclusive(blobs or FolderBlobs(shop.root), shop.time.sleep, shop.time.clock)
    return [was_done for _, was_done in rekey(exclusive, StoreKey(old, CHEAP), StoreKey(new, CHEAP))]


def opens(shop: Shop, key: str) -> list[bool]:
    """Whether the key opens each ledger, and finds in it what was put there."""
    opened: list[str] = []
    for name in AUDIENCES:
        with suppress(StoreMismatchError), shop.store(key=key).view(AD_ACCOUNT, name) as ledger:
            ledger.record("s", (1,), ADD, [person("a")])
            delta = ledger.diff(["s"])
            (gone,) = [identifier for chunk in delta.iter_removals(9) for identifier in chunk]
            assert (delta.additions, gone) == (0, person(name))
            opened.append(name)
    return [name in opened for name in AUDIENCES]


def test_after_a_change_of_key_only_the_new_one_opens_the_store_and_nobody_was_forgotten(kept: Shop) -> None:
    assert change_key(kept) == [False, False]
    assert (opens(kept, NEW_KEY), opens(kept, STORE_KEY)) == ([True] * 2, [False] * 2)
    with raises(Code.STORE_KEY_WRONG):
        kept.open(audience="A")
    with kept.open(audience="A", key=NEW_KEY) as ledger:
        ledger.record("s", (3,), ADD, [person("c")])
        ledger.write_ahead(delta := ledger.diff())
        ledger.commit(delta, "2680060704746")
    assert change_key(kept) == [True, True]
    assert kept.time.slept == []


def test_the_key_can_be_changed_again_and_back(kept: Shop) -> None:
    change_key(kept)
    change_key(kept, old=NEW_KEY, new="yet another key of the store")
    change_key(kept, old="yet another key of the store", new=STORE_KEY)
    assert (opens(kept, STORE_KEY), opens(kept, NEW_KEY)) == ([True] * 2, [False] * 2)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("change", range(1, 13))
def test_wherever_it_is_killed_one_key_opens_the_whole_store_and_the_same_command_goes_on(
    kept: Shop, change: int, after: bool
) -> None:
    blobs = MortalBlobs(FolderBlobs(kept.root))
    blobs.kill_in, blobs.kill_after = change, after
    with pytest.raises(KilledError):
        change_key(kept, blobs)
    assert [True] * 2 in (opens(kept, STORE_KEY), opens(kept, NEW_KEY))
    change_key(kept)
    assert (opens(kept, NEW_KEY), opens(kept, STORE_KEY)) == ([True] * 2, [False] * 2)


def test_each_ledger_is_written_six_times_so_every_moment_was_tried(kept: Shop) -> None:
    blobs = MortalBlobs(FolderBlobs(kept.root))
    blobs.kill_in = 13
    change_key(kept, blobs)
    assert blobs.kill_in == 1


def test_a_sync_with_the_old_key_in_the_middle_of_a_change_is_no_harm(kept: Shop) -> None:
    blobs = MortalBlobs(FolderBlobs(kept.root))
    blobs.kill_in = 6
    with pytest.raises(KilledError):
        change_key(kept, blobs)
    kept.sync([("s", (9,), ADD, [person("new")])], audience="A")
    change_key(kept)
    with kept.open(audience="A", key=NEW_KEY) as ledger:
        assert ledger.members == 3


def test_a_store_that_neither_key_opens_is_left_as_it_was(kept: Shop) -> None:
    before = {path: path.read_bytes() for path in kept.root.rglob("*.json")}
    with raises(Code.STORE_KEY_WRONG):
        change_key(kept, old="a key that somebody made up")
    assert {path: path.read_bytes() for path in kept.root.rglob("*.json")} == before


def test_neither_key_is_in_the_store(kept: Shop) -> None:
    change_key(kept)
    for path in kept.root.rglob("*.json"):
        body = path.read_text()
        assert NEW_KEY not in body
        assert json.loads(body)["manifest"]["next_key"] is None


def test_a_sync_that_is_at_work_keeps_its_store(kept: Shop) -> None:
    ledger = kept.open(audience="B")
    kept.time.meanwhile = ledger._leased.beat  # type: ignore[union-attr]
    with raises(Code.STORE_BUSY):
        change_key(kept)
    assert ledger.holds_lease
