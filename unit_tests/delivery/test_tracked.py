from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.tracked import LaneMemory
from destination_pinterest.errors import (
    IncompleteStreamError,
    InternalError,
    RemovalGuardError,
    StoreBusyError,
    StoreMismatchError,
)
from destination_pinterest.membership.lease import BELIEVED_FOR_S
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.routing.audience_plan import EPOCH_S
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.membership.shop import LIST, Shop, person

ADD, REMOVE = Operation.ADD, Operation.REMOVE


def plan(
    name: str = "users",
    *,
    generation: tuple[int, int, int] | None = None,
    modes: tuple[str, str] = ("full_refresh", "overwrite"),
    is_resumable: bool = False,
) -> ConfiguredStream:
    """`generation` is the stream's, the lowest that is kept, and the job."""
    own, lowest, job = generation or (None, None, None)
    return ConfiguredStream(
        StreamKey(None, name),
        ("email",),
        *modes,
        generation_id=own,
        minimum_generation_id=lowest,
        sync_id=job,
        is_resumable=is_resumable,
    )


UPDATED = plan(modes=("incremental", "append_dedup"))


def proven(*_: object) -> bool:
    return True


def unproven(*_: object) -> bool:
    return False


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "store").mkdir()
    shop = Shop(tmp_path / "store")
    yield shop
    for book in shop.opened:
        book.close()


@pytest.fixture
def target() -> AudienceTarget:
    return AudienceTarget("Customers", frozenset({Identifier.EMAIL}), list_id=LIST)


@pytest.fixture
def make(shop: Shop, target: AudienceTarget) -> Callable[..., LaneMemory]:
    """An open memory of these streams."""

    def make(*plans: ConfiguredStream, percent: int = 50, allow_empty: bool = False) -> LaneMemory:
        memory = LaneMemory(plans or (plan(),), max_removal_percent=percent, allow_empty=allow_empty)
        memory.open(shop.open(), target)
        return memory

    return make


Make = Callable[..., LaneMemory]


def note(memory: LaneMemory, names: str, operation: Operation = ADD, stream: str = "users") -> None:
    for name in names:
        memory.note(stream, None, operation, [person(name)], counts=True)


def settled(memory: LaneMemory, target: AudienceTarget, is_complete: Any = proven) -> list[tuple[Operation, set[str]]]:
    """What was sent by a settlement that is committed, and how many rows that were."""
    changes = memory.settle(target, is_complete, is_end=True)
    assert changes is not None
    sent = [(one.operation, set(one.identifiers)) for one in memory.deliveries(changes, 2, 0)]
    memory.commit(changes, target)
    return sent


def remembers(shop: Shop, make: Make, target: AudienceTarget, names: str) -> None:
    memory = make(percent=100)
    note(memory, names)
    settled(memory, target)
    memory.close()


def test_before_it_is_opened_nothing_can_be_noted() -> None:
    memory = LaneMemory([plan()], max_removal_percent=50, allow_empty=False)
    assert not memory.is_open
    assert memory.other_streams == []
    memory.close()
    with pytest.raises(InternalError, match="before it was opened"):
        note(memory, "a")


def test_removals_go_before_additions_and_settle_no_rows_by_themselves(
    make: Make, shop: Shop, target: AudienceTarget
) -> None:
    remembers(shop, make, target, "abc")
    memory = make(percent=70)
    note(memory, "cdef")
    changes = memory.settle(target, proven, is_end=True)
    assert changes is not None
    deliveries = list(memory.deliveries(changes, 2, 17))
    assert [(one.operation, len(one.identifiers), one.rows, one.first_position) for one in deliveries] == [
        (REMOVE, 2, 0, 17),
        (ADD, 2, 0, 17),
        (ADD, 1, 0, 17),
    ]
    assert memory.commit(changes, target) == 4
    assert (memory.members_before, memory.members_after, memory.left_by_absence) == (3, 4, 2)


def test_an_epoch_is_due_some_time_after_its_first_row_and_never_where_a_table_is_replaced(make: Make) -> None:
    memory = make(UPDATED)
    assert memory.due_s is None
    memory.opened(5.0)
    memory.opened(9.0)
    assert memory.due_s == 5.0 + EPOCH_S
    assert memory.forget() == 0
    assert memory.due_s is None
    memory.close()
    replacing = make()
    replacing.opened(5.0)
    assert (replacing.due_s, replacing.is_replaced) == (None, True)


def test_where_nothing_came_nothing_is_settled(make: Make, shop: Shop, target: AudienceTarget) -> None:
    remembers(shop, make, target, "abc")
    assert make(UPDATED).settle(target, proven, is_end=True) is None


def test_rows_that_are_rejected_besides_are_settled_and_not_counted(make: Make, target: AudienceTarget) -> None:
    memory = make(UPDATED)
    memory.note("users", [1], ADD, [person("a")], counts=True)
    memory.note("users", [2], ADD, [], counts=False)
    memory.withdraw([person("x")])
    changes = memory.settle(target, unproven, is_end=False)
    assert changes is not None
    assert memory.commit(changes, target) == 2


@pytest.mark.parametrize("streams", [[plan()], [plan(), UPDATED]])
def test_a_table_without_proof_of_its_end_fails_if_a_row_came(
    make: Make, target: AudienceTarget, streams: list[ConfiguredStream]
) -> None:
    memory = make(*streams)
    assert memory.settle(target, unproven, is_end=True) is None
    note(memory, "a")
    with pytest.raises(IncompleteStreamError, match='"Customers" was to be made equal to a table'):
        memory.settle(target, unproven, is_end=True)


def test_a_table_that_may_be_a_rest_replaces_nothing(make: Make, shop: Shop, target: AudienceTarget) -> None:
    remembers(shop, make, target, "abc")
    memory = make(plan(is_resumable=True))
    note(memory, "d")
    assert settled(memory, target) == [(ADD, {person("d")})]
    assert memory.members_after == 4


@pytest.mark.parametrize(("percent", "names", "is_refused"), [(50, "ab", False), (49, "ab", True), (0, "abc", True)])
def test_the_guard_counts_who_leaves_by_absence(
    make: Make, shop: Shop, target: AudienceTarget, percent: int, names: str, *, is_refused: bool
) -> None:
    remembers(shop, make, target, "abcd")
    memory = make(percent=percent)
    note(memory, names)
    if not is_refused:
        assert memory.settle(target, proven, is_end=True) is not None
        return
    left = 4 - len(names)
    with pytest.raises(
        RemovalGuardError, match=rf"of 4 identifiers .* {left} \({left * 25} %\) .* permits {percent} %"
    ):
        memory.settle(target, proven, is_end=True)


def test_people_whom_a_dead_sync_may_have_added_count_for_the_guard(
    make: Make, shop: Shop, target: AudienceTarget
) -> None:
    with shop.open() as book:
        for name in "abcd":
            book.record("users", None, ADD, [person(name)])
        book.write_ahead(book.diff())
    memory = make()
    note(memory, "a")
    with pytest.raises(RemovalGuardError, match=r"of 4 identifiers .* 3 \(75 %\)"):
        memory.settle(target, proven, is_end=True)


def test_an_empty_table_leaves_whom_it_may_not_remove_and_still_does_what_rows_say(
    make: Make, shop: Shop, target: AudienceTarget
) -> None:
    remembers(shop, make, target, "abc")
    memory = make(percent=0)
    memory.withdraw([person("x")])
    target.notes.clear()
    assert settled(memory, target) == [(REMOVE, {person("x")})]
    (said,) = target.notes
    assert "keeps the 3 people whom the connector put into it" in said
    memory.close()
    permitted = make(percent=0, allow_empty=True)
    assert {operation for operation, _ in settled(permitted, target)} == {REMOVE}
    assert permitted.members_after == 0


def test_what_a_dead_sync_may_have_done_stays_undecided_while_its_rows_may_still_come(
    make: Make, shop: Shop, target: AudienceTarget
) -> None:
    told = plan(modes=("incremental", "append_dedup"), generation=(3, 0, 12))
    with shop.open() as book:
        for name in "abc":
            book.record("users", None, ADD, [person(name)])
        book.write_ahead(book.diff())
    memory = make(told, percent=0)
    assert memory.settle(target, unproven, is_end=True) is None
    note(memory, "a")
    for is_complete, is_end in ((unproven, True), (proven, False)):
        changes = memory.settle(target, is_complete, is_end=is_end)
        assert changes is not None
        assert (changes.additions, changes.removals) == (1, 0)
    memory.commit(changes, target)
    memory.close()
    later = make(told, percent=100)
    assert {operation for operation, _ in settled(later, target)} == {REMOVE}
    assert later.left_by_absence == 2


def test_an_attempt_after_the_one_that_replaced_the_table_only_adds(
    make: Make, shop: Shop, target: AudienceTarget
) -> None:
    refreshed = plan(modes=("incremental", "append_dedup"), generation=(3, 3, 12))
    memory = make(refreshed)
    note(memory, "abc")
    settled(memory, target)
    memory.close()
    again = make(refreshed)
    assert not again.is_replaced
    note(again, "d")
    assert settled(again, target) == [(ADD, {person("d")})]
    again.close()
    for other in ((3, 3, 13), (4, 4, 14)):
        assert make(plan(modes=("incremental", "append_dedup"), generation=other)).is_replaced
        shop.opened[-1].close()


def test_a_book_about_another_list_is_refused_and_given_back(make: Make, shop: Shop, target: AudienceTarget) -> None:
    remembers(shop, make, target, "abc")
    for other in ("77", None):
        target.list_id = other
        with pytest.raises(StoreMismatchError, match=f"customer list {LIST}, but it is made of {other or 'none'} now"):
            make()
        shop.opened[-1].close()


def test_only_an_audience_that_had_people_before_the_store_is_told_of(
    make: Make, shop: Shop, target: AudienceTarget
) -> None:
    make().close()
    assert len(target.notes) == 1
    target.notes.clear()
    target.list_id = None
    make().close()
    target.list_id = LIST
    with shop.open() as book:
        book.record("users", None, ADD, [person("a")])
        book.write_ahead(book.diff())
    make().close()
    assert target.notes == []


def test_streams_that_are_not_in_the_sync_are_named(make: Make, shop: Shop, target: AudienceTarget) -> None:
    shop.sync([("orders", None, ADD, [person("a")]), ("users", None, ADD, [person("b")])])
    assert make().other_streams == ["orders"]


def test_nothing_is_sent_once_another_sync_may_have_the_book(make: Make, shop: Shop, target: AudienceTarget) -> None:
    memory = make()
    memory.require_ours()
    note(memory, "a")
    changes = memory.settle(target, proven, is_end=True)
    assert changes is not None
    shop.time.now_s += BELIEVED_FOR_S
    with pytest.raises(StoreBusyError, match="took the membership store over"):
        memory.require_ours()
    with pytest.raises(StoreBusyError):
        next(memory.deliveries(changes, 1, 0))
