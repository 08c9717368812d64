from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from destination_pinterest.delivery.ledgers import open_ledgers
from destination_pinterest.delivery.mirror import MirrorStrategy
from destination_pinterest.error_codes import Code
from destination_pinterest.membership.store_key import STRETCHINGS
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import AD_ACCOUNT, Shop, person
from unit_tests.support.clock import Clock
from unit_tests.support.raises import raises
from unit_tests.support.rig import Rig

STORE_KEY = "a key that only tests know"


class Opening:
    """The mirrors of an audience for each of three streams, and their ledgers' opening."""

    def __init__(self, rig: Rig, clock: Clock) -> None:
        self.mirrors: list[MirrorStrategy] = rig.parts.mirrors
        self._config = rig.parts.request.config
        self._clock = clock

    def open(self) -> list[str]:
        return open_ledgers(self.mirrors, self._config, system=self._clock.system.with_sleep(nobody_waits))

    def failures(self) -> dict[str, Code]:
        """Opens them, and returns why which can't be opened."""
        found: dict[str, Code] = {}
        open_ledgers(
            self.mirrors,
            self._config,
            system=self._clock.system.with_sleep(nobody_waits),
            on_failure=lambda mirror, failure: found.update({mirror.lane.target.name: failure.code}),
        )
        return found

    def close(self) -> None:
        for mirror in self.mirrors:
            mirror.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def make(root: Path, make_rig: Callable[..., Rig], clock: Clock) -> Callable[..., Opening]:
    def make(**settings: Any) -> Opening:
        store = {"store_type": "local", "path": str(root), "store_key": STORE_KEY}
        streams = {name: ["email"] for name in ("users", "orders", "visits")}
        return Opening(make_rig(streams, **{"membership_store": store, **settings}), clock)

    return make


Make = Callable[..., Opening]


def nobody_waits(_seconds: float) -> None:
    raise AssertionError("A ledger was left open.")


def test_every_audience_has_a_ledger_until_all_are_given_back(make: Make, root: Path) -> None:
    opening = make()
    assert opening.open() == []
    assert [mirror.members is not None for mirror in opening.mirrors] == [True] * 3
    assert len(list(root.iterdir())) == 3
    opening.close()
    again = make()
    again.open()
    again.close()


def test_one_ledger_that_can_not_be_opened_keeps_no_other_from_being_given_back(make: Make, root: Path) -> None:
    opening = make()
    opening.open()
    opening.close()
    next(root.glob("*/manifest.json")).write_bytes(b"{}")
    broken = make()
    with raises(Code.STORE_DAMAGED, match="is damaged"):
        broken.open()
    assert sorted(mirror.members is not None for mirror in broken.mirrors) == [False, True, True]
    broken.close()
    for path in root.glob("*/manifest.json"):
        assert b'"lease":{' not in path.read_bytes()


def test_of_several_ledgers_those_that_can_not_be_opened_are_named_with_the_reason(make: Make, root: Path) -> None:
    opening = make()
    opening.open()
    opening.close()
    damaged, unreadable, _ = sorted(root.glob("*/manifest.json"))
    damaged.write_bytes(b"{}")
    unreadable.unlink()
    unreadable.mkdir()
    again = make()
    found = again.failures()
    again.close()
    assert sorted(found.values()) == sorted([Code.STORE_DAMAGED, Code.STORE_FOLDER_FAILED])
    assert [mirror.members is not None for mirror in again.mirrors].count(True) == 1


def test_a_store_that_is_not_there_is_no_matter_of_one_ledger(make: Make, root: Path) -> None:
    root.rmdir()
    opening = make()
    with raises(Code.STORE_FOLDER_REFUSED):
        opening.failures()
    opening.close()


def test_where_the_store_is_not_used_nothing_is_opened(make: Make, root: Path) -> None:
    for settings in ({"mode": "additive"}, {"membership_store": {"store_type": "none"}}):
        opening = make(**settings)
        assert opening.open() == []
        assert opening.mirrors == []
    assert list(root.iterdir()) == []


def test_a_folder_that_is_not_there_is_said_once(make: Make, root: Path) -> None:
    root.rmdir()
    opening = make()
    with raises(Code.STORE_FOLDER_REFUSED, match="Create or mount it"):
        opening.open()
    opening.close()


def test_people_of_other_streams_are_told_of(make: Make, root: Path) -> None:
    remembered_by(root, "users")
    opening = make()
    opening.mirrors[0].lane.list_created("77")
    (remark,) = opening.open()
    opening.close()
    assert remark == (
        'The audience "users" also has members from streams that are not in this sync: before. They stay in it.'
    )


def test_an_audience_that_was_chosen_by_its_id_is_known_by_that_whatever_it_is_called(make: Make, root: Path) -> None:
    remembered_by(root, "audience 9")
    opening = make()
    lane = opening.mirrors[0].lane
    lane.target = replace(lane.target, chosen_id="9", name="renamed", list_id="77")
    (remark,) = opening.open()
    opening.close()
    assert remark.startswith('The audience "renamed" also has members')


def remembered_by(root: Path, name: str) -> None:
    """A ledger of that name that has somebody of the stream `before`."""
    shop = Shop(root)
    shop.stretchings = STRETCHINGS
    with shop.store(key=STORE_KEY).open(AD_ACCOUNT, name) as ledger:
        ledger.record("before", None, Operation.ADD, [person("a")])
        delta = ledger.diff()
        ledger.write_ahead(delta)
        ledger.commit(delta, "77")
