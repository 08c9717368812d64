"""Rows that change, leave, and share people with others."""

from __future__ import annotations

from typing import Any

import pytest

from unit_tests.remembered.shop import (
    BY_IMAGE,
    Shop,
    deduped,
    deleted,
    people,
    reports,
    row,
    rows,
    said,
    state,
    stream,
)


def test_a_changed_email_takes_the_old_one_out(shop: Shop) -> None:
    shop.sync([deduped()], row("old", id=1), row("b", id=2), state(1))
    assert shop.sync([deduped()], row("new", id=1), state(2)) == [2]
    assert shop.people_in() == people(["new", "b"])


def test_an_email_that_a_row_loses_leaves_and_the_row_is_still_counted_as_rejected(shop: Shop, outbox: Any) -> None:
    shop.sync([deduped()], row("a", id=1), row("b", id=2), state(1))
    shop.sync([deduped()], row(None, id=1), state(2))
    assert shop.people_in() == people("b")
    report = reports(outbox)[-1]
    assert (report["entered"], report["synced"], report["not_synced"]) == (1, 0, {"no_identity": 1})


@pytest.mark.parametrize("other", ["users", "orders"])
def test_somebody_whom_another_row_still_holds_stays(shop: Shop, other: str) -> None:
    streams = [deduped(), deduped("orders")]
    named = {"audience_name": "people"}
    shop.sync(streams, row("shared", id=1), row("shared", other, id=2), row("b", id=3), state(1), **named)
    shop.sync(streams, deleted(1), state(2), **named)
    assert shop.people_in("people") == people(["shared", "b"])
    shop.sync(streams, deleted(2, other), state(3), **named)
    assert shop.people_in("people") == people("b")


def test_somebody_whom_another_table_holds_stays_when_a_table_is_replaced(shop: Shop) -> None:
    streams = [stream(**BY_IMAGE), deduped("orders")]
    shop.sync(streams, *rows("abcd"), row("a", "orders", id=1), state(1, {}), audience_name="people")
    shop.sync(streams, *rows("bc"), state(2, {}), audience_name="people")
    assert shop.people_in("people") == people("abc")


def test_deletions_by_key_alone_find_their_person(shop: Shop, outbox: Any) -> None:
    shop.sync([deduped()], row("a", id=1), row("b", id=2), state(1))
    assert shop.sync([deduped()], deleted(1), deleted(99), state(2)) == [2]
    assert shop.people_in() == people("b")
    report = reports(outbox)[-1]
    assert (report["entered"], report["synced"], report["not_synced"]) == (2, 1, {"unknown_key": 1})


def test_deletions_by_key_alone_are_counted_where_nothing_is_remembered(shop: Shop, outbox: Any) -> None:
    shop.has("ab")
    shop.sync([deduped()], deleted(1), state(1), membership_store={"store_type": "none"})
    shop.sync([deduped(primary_key=[])], deleted(1), state(1))
    assert shop.people_in() == people("ab")
    assert [report["not_synced"] for report in reports(outbox)] == [{"no_identity_in_deletion": 1}] * 2


def test_rows_whose_key_is_missing_stand_for_themselves(shop: Shop) -> None:
    shop.sync([deduped()], row("a"), row("b", id=None), row("c", id=3), state(1))
    assert shop.people_in() == people("abc")


def test_leavers_are_taken_out_whoever_holds_them(shop: Shop, outbox: Any) -> None:
    leavers = stream("leavers", destination_sync_mode="soft_delete", primary_key=[["id"]], sync_mode="incremental")
    named = {"audience_name": "people"}
    shop.has("x", "people")
    shop.sync([deduped(), stream("orders", **BY_IMAGE)], *rows("ab", "orders"), row("a", id=1), state(1, {}, "orders"),
              **named)  # fmt: skip
    lines = [row("a", "leavers", id=1), row("x", "leavers", id=2), row(None, "leavers", id=3), state(2, of="leavers")]
    assert shop.sync([deduped(), leavers], *lines, **named) == [2]
    assert shop.people_in("people") == people("b")
    report = reports(outbox)[-1]
    assert (report["entered"], report["synced"], report["pending"]) == (3, 2, 0)
    assert report["not_synced"] == {"no_identity_in_deletion": 1}
    assert shop.sync([leavers], row("b", "leavers", id=4), state(3, of="leavers"), **named) == [3]
    assert shop.people_in("people") == set()


def test_streams_that_are_only_in_the_store_are_named_and_keep_their_people(shop: Shop, outbox: Any) -> None:
    shop.sync([stream(**BY_IMAGE), stream("orders", **BY_IMAGE)], *rows("ab"), *rows("cd", "orders"),
              state(1, {}), state(2, {}, "orders"), audience_name="people")  # fmt: skip
    shop.sync([stream(**BY_IMAGE)], *rows("a"), state(1, {}), audience_name="people")
    assert shop.people_in("people") == people("acd")
    assert [text for text in said(outbox, "INFO") if "not in this sync: orders." in text] != []
