"""States, epochs, and syncs that die or are stopped."""

from __future__ import annotations

from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.membership import lease
from destination_pinterest.vocabulary import Operation
from unit_tests.remembered.shop import (
    BY_IMAGE,
    EPOCH,
    PLATFORM,
    Shop,
    complete,
    deduped,
    deleted,
    people,
    reports,
    row,
    rows,
    state,
    stream,
)
from unit_tests.support.raises import raises


def test_a_state_comes_back_only_once_the_ledger_is_written(shop: Shop) -> None:
    seen = []
    shop.pinterest.before = lambda asked: seen.append(list(shop.released)) if "/customer_lists/" in asked.path else None
    shop.has("x")
    shop.sync([deduped()], row("a", id=1), state(1), row("b", id=2), state(2), batch_size=1)
    assert seen.count([]) == 3  # One look at the list, and a write for each of the two.
    assert (shop.released, shop.members()) == ([1, 2], 2)


def test_a_long_incremental_sync_gives_states_back_meanwhile(shop: Shop) -> None:
    shop.has("x")
    seen: list[tuple[list[int], set[str]]] = []

    def look() -> None:
        seen.append((list(shop.released), set(shop.people_in())))

    steps = [
        *(row("a", id=1), row("b", id=2), state(1), look, shop.wait(EPOCH), row("c", id=3), look),
        *(row("new", id=1), deleted(2), state(2), look, shop.wait(EPOCH), row("d", id=4), look),
        *(row("e", id=5), state(3)),
    ]
    assert shop.sync([deduped()], *steps) == [1, 2, 3]
    assert seen == [
        ([], people("x")),
        ([1], people("abcx")),
        ([1], people("abcx")),
        ([1, 2], people(["new", *"cdx"])),
    ]
    assert shop.people_in() == people(["new", *"cdex"])


def test_a_table_that_is_replaced_waits_for_its_end_however_long_it_takes(shop: Shop) -> None:
    steps = [*rows("ab"), state(1), shop.wait(3 * EPOCH), *rows("c"), lambda: seen.append(len(shop.writes))]
    seen: list[int] = []
    assert shop.sync([stream(**PLATFORM)], *steps, state(2, {}), complete()) == [1, 2]
    assert seen == [0]


def test_a_failure_in_mid_sending_releases_nothing_and_the_next_sync_converges(shop: Shop, outbox: Any) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abcdef"), state(1, {}))
    shop.pinterest.refuse("PATCH", "/customer_lists/", 400, "no", times=1)
    with raises(Code.REQUEST_REFUSED, match="no"):
        shop.sync([stream(**BY_IMAGE)], *rows("cdefgh"), state(1, {}), batch_size=1)
    assert shop.released == []
    report = reports(outbox)[-1]
    assert (report["entered"], report["synced"], report["errored"], report["not_synced"]) == (6, 0, 6, {})
    assert shop.sync([stream(**BY_IMAGE)], *rows("cdefgi"), state(1, {})) == [1]
    assert shop.people_in() == people("cdefgi")


@pytest.mark.parametrize("arrived", ["", "d", "dh"])
def test_after_a_sync_that_died_between_announcing_and_committing_the_next_one_converges(
    shop: Shop, arrived: str
) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(1, {}))
    with shop.open() as ledger:
        for name in "abdh":
            ledger.record("users", None, Operation.ADD, list(people(name)))
        ledger.write_ahead(ledger.diff(["users"]))
    shop.others_add(arrived)
    assert shop.sync([stream(**BY_IMAGE)], *rows("abce"), state(1, {})) == [1]
    assert shop.people_in() == people("abce")
    shop.sync([stream(**BY_IMAGE)], *rows("abce"), state(1, {}))
    assert shop.writes == []


def test_after_such_a_death_nobody_leaves_before_the_rows_have_come_again(shop: Shop) -> None:
    """The first epoch of the next sync may be shorter than the one that was about to be sent."""
    shop.has("abcdefgh")
    with shop.open() as ledger:
        for key, name in enumerate("abcdefgh"):
            ledger.record("users", [key], Operation.ADD, list(people(name)))
        ledger.write_ahead(ledger.diff())
    changed = {7: "i"}
    again = [row(changed.get(key, name), id=key) for key, name in enumerate("abcdefgh")]
    assert shop.sync([deduped()], *again[:2], state(1), shop.wait(EPOCH), *again[2:4], state(2)) == [1, 2]
    assert ("REMOVE", people("efgh")) in shop.writes  # This host tells nothing but the end of the input.
    shop.sync([deduped()], *again[4:], state(3))
    assert shop.people_in() == people("abcdefgi")


def test_where_ends_are_told_an_input_that_broke_off_decides_nothing_about_rows_that_did_not_come_and_says_so(
    shop: Shop, outbox: Any
) -> None:
    shop.has("abcdefgh")
    with shop.open() as ledger:
        for key, name in enumerate("abcdefgh"):
            ledger.record("users", [key], Operation.ADD, list(people(name)))
        ledger.write_ahead(ledger.diff())
    told = deduped(generation_id=3, minimum_generation_id=0, sync_id=12)
    again = [row(name, id=key) for key, name in enumerate("abcdefgi")]
    assert shop.sync([told], *again[:2], state(1), shop.wait(EPOCH), *again[2:4], state(2)) == [1, 2]
    assert [operation for operation, _ in shop.writes] == ["ADD", "ADD"]
    assert shop.sync([told], state(3)) == [3]
    assert shop.writes == []
    assert any("an earlier sync was ended" in note.lower() for note in reports(outbox)[-1]["notes"])
    assert shop.sync([told], *again[4:], state(4), complete()) == [4]
    assert not any("an earlier sync was ended" in note.lower() for note in reports(outbox)[-1]["notes"])
    assert (shop.people_in(), shop.members()) == (people("abcdefgi"), 8)


def test_a_death_is_made_up_for_although_no_row_comes_any_more(shop: Shop) -> None:
    shop.has("a")
    with shop.open() as ledger:
        ledger.record("users", [1], Operation.ADD, list(people("a")))
        ledger.write_ahead(ledger.diff())
    shop.sync([deduped()], max_removal_percent=100)
    assert shop.people_in() == set()


def test_a_stop_in_mid_settlement_ends_the_sync_and_what_was_sent_by_then_counts(shop: Shop, outbox: Any) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("ab"), state(1, {}))

    def stop(asked: Any) -> None:
        if asked.method == "PATCH" and shop.running is not None:
            shop.running.stop()

    shop.pinterest.before = stop
    assert shop.sync([stream(**BY_IMAGE)], *rows("bcdefgh"), state(2, {}), batch_size=1) == []
    sent = shop.writes
    assert 0 < len(sent) < 7
    assert shop.members() == len(shop.people_in())
    assert reports(outbox)[-1]["pending"] == 7
    shop.pinterest.before = lambda _: None
    assert shop.sync([stream(**BY_IMAGE)], *rows("bcdefgh"), state(2, {})) == [2]
    assert shop.people_in() == people("bcdefgh")
    assert not [one for one in shop.writes if any(one[1] & before[1] for before in sent)]


def test_a_stop_leaves_what_was_not_sent_yet_unsent(shop: Shop) -> None:
    shop.has("")

    def stop(asked: Any) -> None:
        if asked.method == "PATCH" and shop.running is not None:
            shop.running.stop()

    shop.pinterest.before = stop
    assert shop.sync([stream(**BY_IMAGE)], *rows(map(str, range(300))), state(1, {}), batch_size=1) == []
    assert len(shop.writes) < 100


def test_a_sync_that_could_not_be_heard_of_for_long_sends_nothing_more(shop: Shop) -> None:
    shop.has("")
    silence = shop.wait(lease.BELIEVED_FOR_S)
    shop.pinterest.before = lambda asked: silence() if asked.method == "PATCH" else None
    with raises(Code.STORE_TAKEN_OVER):
        shop.sync([stream(**BY_IMAGE)], *rows(map(str, range(20))), state(1, {}), batch_size=1)
    assert shop.released == []
    assert len(shop.writes) <= 8


def test_an_audience_that_must_stay_as_it_is_does_not_keep_another_from_its_table(shop: Shop) -> None:
    streams = [stream(**BY_IMAGE), stream("orders", **BY_IMAGE)]
    first = [*rows("abcdefgh"), *rows("xyz", "orders"), state(1, {}), state(2, {}, "orders")]
    assert shop.sync(streams, *first) == [1, 2]
    second = [*rows("a"), *rows("wxy", "orders"), state(1, {}), state(2, {}, "orders")]
    with raises(Code.REMOVAL_ABOVE_LIMIT, match='"users"'):
        shop.sync(streams, *second)
    assert shop.released == [2]
    assert (shop.people_in(), shop.people_in("orders")) == (people("abcdefgh"), people("wxy"))
    shop.sync(streams, *second, max_removal_percent=90)
    assert (shop.people_in(), shop.writes) == (people("a"), [("REMOVE", people("bcdefgh"))])


def test_every_row_of_every_epoch_is_in_the_report(shop: Shop, outbox: Any) -> None:
    shop.sync([deduped()], row("a", id=1), row(None, id=2), state(1), shop.wait(EPOCH), row("b", id=3), deleted(1),
              state(2), row("no address", id=5), state(3))  # fmt: skip
    report = reports(outbox)[-1]
    refused = sum(report["not_synced"].values())
    assert (report["entered"], report["synced"], refused, report["pending"]) == (5, 3, 2, 0)
