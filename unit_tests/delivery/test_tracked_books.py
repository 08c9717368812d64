from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.config import read_config
from destination_pinterest.delivery.lane_factory import make_lanes
from destination_pinterest.delivery.tracked_books import Memories
from destination_pinterest.errors import StorageRefusedError, StoreMismatchError
from destination_pinterest.membership.store_key import STRETCHINGS
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.routing.plan import plan_streams
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import AD_ACCOUNT, Shop, person

STREAMS = ("users", "orders", "visits")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def make(root: Path, raw_config: dict[str, Any], clock: Any) -> Callable[..., tuple[Memories, list[Any]]]:
    """The memories of an audience for each of three streams, and their lanes."""

    def make(**settings: Any) -> tuple[Memories, list[Any]]:
        store = {"store_type": "local", "path": str(root), "store_key": "a key that only tests know"}
        config = read_config({**raw_config, "membership_store": store, **settings})
        described = ({"name": name, "json_schema": {"properties": {"email": {}}}} for name in STREAMS)
        streams = [{"stream": one, "sync_mode": "incremental"} for one in described]
        ways = plan_streams(parse_catalog(json.dumps({"streams": streams}).encode()), config)
        lanes = list(make_lanes(ways, config, clock.system).values())
        return Memories(lanes, config, sleep=nobody_waits, clock=clock.clock), lanes

    return make


Make = Callable[..., tuple[Memories, list[Any]]]


def nobody_waits(_seconds: float) -> None:
    raise AssertionError("A book was left open.")


def test_every_audience_has_a_book_until_all_are_given_back(make: Make, root: Path) -> None:
    memories, lanes = make()
    assert memories.open() == []
    assert [lane.memory.is_open for lane in lanes] == [True] * 3
    assert len(list(root.iterdir())) == 3
    memories.close()
    again, _ = make()
    again.open()
    again.close()


def test_one_book_that_can_not_be_opened_keeps_no_other_from_being_given_back(make: Make, root: Path) -> None:
    memories, lanes = make()
    memories.open()
    memories.close()
    next(root.glob("*/manifest.json")).write_bytes(b"{}")
    broken, lanes = make()
    with pytest.raises(StoreMismatchError, match="is damaged"):
        broken.open()
    assert sorted(lane.memory.is_open for lane in lanes) == [False, True, True]
    broken.close()
    for path in root.glob("*/manifest.json"):
        assert b'"lease":{' not in path.read_bytes()


def test_where_the_store_is_not_used_nothing_is_opened(make: Make, root: Path) -> None:
    for settings in ({"mode": "additive"}, {"membership_store": {"store_type": "none"}}):
        memories, lanes = make(**settings)
        assert memories.open() == []
        memories.close()
        assert all(lane.memory is None for lane in lanes)
    assert list(root.iterdir()) == []


def test_a_folder_that_is_not_there_is_said_once(make: Make, root: Path) -> None:
    root.rmdir()
    memories, _ = make()
    with pytest.raises(StorageRefusedError, match="must be there before the sync"):
        memories.open()
    memories.close()


def test_people_of_other_streams_are_told_of(make: Make, root: Path) -> None:
    shop = Shop(root)
    shop.stretchings = STRETCHINGS
    with shop.store(key="a key that only tests know").open(AD_ACCOUNT, "users") as book:
        book.record("before", None, Operation.ADD, [person("a")])
        changes = book.diff()
        book.write_ahead(changes)
        book.commit(changes, "77")
    memories, lanes = make()
    lanes[0].target.list_id = "77"
    (remark,) = memories.open()
    memories.close()
    assert remark == (
        'The audience "users" also has people of streams that are not in this sync: before. They stay in it.'
    )
