"""A refresh of an incremental stream, killed at every moment, while people leave and come.

Chance rarely strings these together: which attempt replaced the audience, and which goes on with the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM, Platform
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.streams import Stream
from integration_tests.property.setups import Setup
from integration_tests.property.tables import DELETED_AT, Shape, email
from integration_tests.property.world import Trouble, World

_USERS = Stream(
    "users",
    columns=("id", "email", DELETED_AT),
    sync_mode="incremental",
    destination_sync_mode="append_dedup",
    primary_key=("id",),
)


_OVERWRITTEN = replace(_USERS, sync_mode="full_refresh", destination_sync_mode="overwrite")
_APPENDED = replace(_USERS, sync_mode="full_refresh", destination_sync_mode="append")


class Refreshing:
    """A connection whose refresh of two rows is about to begin. Of whom there was before, nobody is in the table."""

    def __init__(
        self,
        folder: Path,
        *,
        has_audience: bool,
        stream: Stream = _USERS,
        allow_empty: bool = False,
        has_store: bool = False,
        host: Host = CURRENT_PLATFORM,
    ) -> None:
        folder.mkdir()
        shape = Shape(
            stream, states_every=1, logs_deletions=True, by_key_alone=False, has_snapshots=True, has_end_marker=True
        )
        setup = Setup(
            host=host,
            shapes=(shape,),
            shares=False,
            in_turns=False,
            has_store=has_store,
            batch_size=1900,
            mode="mirror",
            deletes="remove",
            allow_empty=allow_empty,
            were_there=(3,) if has_audience else None,
        )
        self.world = World(setup, folder)
        self.comes(1)
        self.comes(2)
        if stream is _USERS:
            self.world.refresh(self.world.streams[0], truncates=True)

    def comes(self, number: int) -> None:
        self.world.tables[0].put(number, {"email": email(number)})

    def leaves(self, number: int) -> None:
        self.world.tables[0].delete(number)

    def is_killed(self, moment: int) -> None:
        self.world.attempt(Trouble(kill_at=moment))

    def ends(self) -> None:
        assert self.world.attempt(Trouble()) == "succeeded"


@pytest.fixture
def refreshing(tmp_path: Path) -> Iterator[Callable[..., Refreshing]]:
    begun: list[Refreshing] = []

    def begin(**setup: Any) -> Refreshing:
        begun.append(Refreshing(tmp_path / str(len(begun)), **setup))
        return begun[-1]

    yield begin
    for each in begun:
        each.world.close()


def test_later_attempts_of_a_job_whose_audience_is_replaced_bring_the_rest(
    refreshing: Callable[..., Refreshing],
) -> None:
    for moment in range(8, 26):
        refresh = refreshing(has_audience=True)
        refresh.is_killed(moment)
        refresh.comes(0)
        refresh.ends()


def test_a_first_audience_is_made_by_whoever_comes_to_the_end_and_of_nothing_that_others_left(
    refreshing: Callable[..., Refreshing],
) -> None:
    for first in range(8, 13):
        for second in range(6, 16):
            refresh = refreshing(has_audience=False)
            refresh.is_killed(first)
            refresh.leaves(1)
            refresh.is_killed(second)
            refresh.leaves(2)
            refresh.comes(0)
            refresh.ends()


def test_a_refresh_whose_audience_comes_too_early_loses_nobody(refreshing: Callable[..., Refreshing]) -> None:
    for moment in range(6, 20):
        refresh = refreshing(has_audience=False)
        refresh.world.pinterest.change(audience_floor="refuse")
        refresh.is_killed(moment)
        refresh.comes(0)
        refresh.world.pinterest.change(audience_floor="allow")
        refresh.ends()


@pytest.mark.parametrize("allow_empty", [True, False])
def test_a_clear_before_there_is_an_audience_leaves_nobody_if_it_may(
    refreshing: Callable[..., Refreshing], *, allow_empty: bool
) -> None:
    for first in range(4, 12):
        for second in range(3, 10):
            appending = refreshing(has_audience=False, stream=_APPENDED, allow_empty=allow_empty)
            appending.is_killed(first)
            appending.world.clear(appending.world.streams[0])
            appending.is_killed(second)
            appending.ends()
            appending.leaves(1)
            appending.comes(0)
            appending.ends()


@pytest.mark.parametrize("counts_attempts", [True, False])
@pytest.mark.parametrize("has_store", [True, False])
@pytest.mark.parametrize("has_audience", [True, False])
def test_a_later_attempt_of_a_table_that_can_not_be_resumed_leaves_nobody_in_who_left(
    refreshing: Callable[..., Refreshing], *, counts_attempts: bool, has_store: bool, has_audience: bool
) -> None:
    host = Platform(counts_attempts=counts_attempts)
    for moment in range(4, 40, 3):
        overwriting = refreshing(has_audience=has_audience, stream=_OVERWRITTEN, has_store=has_store, host=host)
        overwriting.is_killed(moment)
        overwriting.leaves(1)
        overwriting.comes(0)
        overwriting.ends()


@pytest.mark.parametrize("has_store", [True, False])
@pytest.mark.parametrize("stream", [_APPENDED, _OVERWRITTEN], ids=["append", "overwrite"])
def test_a_clear_while_pinterest_makes_no_audience_leaves_nobody(
    refreshing: Callable[..., Refreshing], *, has_store: bool, stream: Stream
) -> None:
    for moment in (None, *range(3, 14, 3)):
        refresh = refreshing(has_audience=False, stream=stream, allow_empty=True, has_store=has_store)
        refresh.world.pinterest.change(audience_floor="refuse")
        refresh.ends()
        refresh.world.clear(refresh.world.streams[0])
        if moment is not None:
            refresh.is_killed(moment)
        refresh.ends()
        refresh.leaves(1)
        refresh.leaves(2)
        refresh.comes(0)
        refresh.world.pinterest.change(audience_floor="allow")
        refresh.ends()
        assert refresh.world.pinterest.list_of("users") is not None
