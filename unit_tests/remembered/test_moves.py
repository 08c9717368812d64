"""Rows move between the audiences of one table, and no end of a sync, at any write to the store, loses one."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from destination_pinterest.membership import store as store_module
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.lease import LeaseTiming
from unit_tests.membership.shop import KilledError, MortalBlobs
from unit_tests.remembered.shop import Shop, deduped, deleted, people, row, state
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest

SEGMENTS = ("a", "b", "c")
KEYS = range(5)
# Fewer people than rows, so that some rows share one.
PEOPLE = ("ada", "bea", "cyd", "dot")
TABLE = deduped("users", "segment")


class Table:
    """Rows by key, and the changes that no returned state stands for yet."""

    def __init__(self, chance: Random) -> None:
        self.rows: dict[int, tuple[str, set[str]]] = {}
        self.unsent: list[bytes] = []
        self._chance = chance

    def change(self) -> None:
        key = self._chance.choice(KEYS)
        if self._chance.random() < 0.15:
            self.rows.pop(key, None)
            self.unsent.append(deleted(key))
            return
        person = self._chance.choice(PEOPLE)
        segments = {segment for segment in SEGMENTS if self._chance.random() < 0.4}
        known = self.rows.get(key)
        if known is not None and self._chance.random() < 0.15:  # The record does not give the column.
            self.rows[key] = (person, known[1])
            self.unsent.append(row(person, id=key))
            return
        self.rows[key] = (person, segments)
        named = sorted(segments)
        self.unsent.append(row(person, id=key, segment=named[0] if len(named) == 1 else named))

    def members(self, segment: str) -> set[str]:
        return people({person for person, segments in self.rows.values() if segment in segments})


@pytest.mark.parametrize("seed", range(2))
def test_every_audience_has_the_people_of_its_rows_whatever_ended_the_syncs_before(
    seed: int,
    pinterest: FakePinterest,
    messages: Any,
    raw_config: dict[str, Any],
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = Shop(pinterest, messages, raw_config, clock, tmp_path / "store")
    # The clock leaps while a killed sync's lease is waited for, and no beat keeps this one's alive meanwhile.
    shop.sleeps_by_clock = True
    shop.lease_timing = LeaseTiming(beat_s=50.0, believed_for_s=1e9)
    chance = Random(seed)
    table = Table(chance)
    for number in range(1, 7):
        for _ in range(chance.randrange(1, 6)):
            table.change()
        blobs = MortalBlobs(FolderBlobs(shop.root))
        blobs.kill_in = chance.randrange(1, 50) if chance.random() < 0.6 else None
        blobs.kill_after = chance.random() < 0.5
        monkeypatch.setattr(store_module, "open_blobs", lambda _settings, attempts=None, place=blobs: place)
        try:
            returned = shop.sync(
                [TABLE], *table.unsent, state(number), audience_column="segment", max_removal_percent=100
            )
        except KilledError:
            continue
        assert returned == [number]
        table.unsent = []
        found = {
            each["name"]: pinterest.members[each["rule"]["customer_list_id"]] for each in pinterest.audiences.values()
        }
        assert {segment: found.get(segment, set()) for segment in SEGMENTS} == {
            segment: table.members(segment) for segment in SEGMENTS
        }, json.dumps([line.decode() for line in table.unsent])
