"""Each open question about Pinterest has the worst answer, all settings are what they are by default, and it is exact.

Where an audience can't be made yet, its list is held to the promise; test_property.py says what that is.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM, CUSTOM_CONNECTOR
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE
from integration_tests.orchestrator.streams import Stream
from integration_tests.property.drawn import APPENDS, OVERWRITES, Mode, changes
from integration_tests.property.setups import Setup
from integration_tests.property.tables import DELETED_AT, Shape
from integration_tests.property.world import Trouble, World
from pinterest_sandbox.profiles import PROFILES


def setup_of(mode: Mode, host: Host, *, has_store: bool) -> Setup:
    sync_mode, destination_mode = mode
    stream = Stream(
        "users",
        columns=("id", "email", "gaid", DELETED_AT),
        sync_mode=sync_mode,
        destination_sync_mode=destination_mode,
        primary_key=("id",),
    )
    shape = Shape(
        stream, states_every=2, logs_deletions=True, by_key_alone=False, has_snapshots=True, has_end_marker=True
    )
    return Setup(
        host=host,
        shapes=(shape,),
        shares=False,
        in_turns=False,
        has_store=has_store,
        batch_size=1900,
        mode="mirror",
        deletes="remove",
        allow_empty=False,
        were_there=None,
    )


@pytest.mark.parametrize(
    ("mode", "host", "has_store"),
    [
        (APPENDS[0], CURRENT_PLATFORM, False),
        (APPENDS[1], CUSTOM_CONNECTOR, False),
        (OVERWRITES[0], PYAIRBYTE, False),
        (APPENDS[0], CURRENT_PLATFORM, True),
        (OVERWRITES[0], CURRENT_PLATFORM, True),
    ],
    ids=lambda value: value if isinstance(value, bool) else "/".join(value) if isinstance(value, tuple) else None,
)
def test_audiences_are_exact_at_the_pessimist_also_after_a_kill(
    mode: Mode, host: Host, has_store: bool, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    world = World(setup_of(mode, host, has_store=has_store), store, PROFILES["pessimist"])
    try:
        for number, kill_at in enumerate((None, 9, None)):
            for _, key, row in changes(random.Random(f"{mode}, {number}")):
                if row is None:
                    world.tables[0].delete(key)
                else:
                    world.tables[0].put(key, row)
            world.attempt(Trouble(kill_at=kill_at, seed=number))
    finally:
        world.close()
