"""What a row keeps of its identifiers, and what it loses, where a value is not given, masked or spelled otherwise."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.placeholder import UNAVAILABLE_VALUE
from unit_tests.remembered.shop import PLATFORM, Shop, complete, deduped, people, reports, row, state
from unit_tests.support.raises import raises

# A table that is deduplicated, read as it changes, or as a whole and mirrored.
CHANGES: dict[str, Any] = {}
WHOLE: dict[str, Any] = {"sync_mode": "full_refresh", **PLATFORM}
PLACEHOLDERS = [
    UNAVAILABLE_VALUE,
    base64.b64encode(UNAVAILABLE_VALUE.encode()).decode(),
    UNAVAILABLE_VALUE.encode().hex(),
]
MASKED = [None, "", "REDACTED", "***", "a***@e*****.com", "xxxx", "[deleted]", 0, False, {}, [], ["***"]]


def record(**data: Any) -> bytes:
    return json.dumps({"type": "RECORD", "record": {"stream": "users", "data": data}}).encode()


def end(mode: dict[str, Any], number: int) -> list[bytes]:
    return [state(number), *([complete()] if mode is WHOLE else [])]


def begun(shop: Shop, mode: dict[str, Any], *columns: str, number: int = 1) -> dict[str, Any]:
    """The stream of a sync; each is a job of its own."""
    if mode is WHOLE:
        mode = {**mode, "generation_id": number, "minimum_generation_id": number, "sync_id": number + 100}
    return deduped("users", *columns, **mode)


@pytest.mark.parametrize("mode", [CHANGES, WHOLE])
@pytest.mark.parametrize("value", [*PLACEHOLDERS, "absent"])
def test_a_row_whose_address_is_unchanged_keeps_it(shop: Shop, outbox: Any, mode: dict[str, Any], value: str) -> None:
    shop.sync([begun(shop, mode)], row("a", id=1), row("b", id=2), *end(mode, 1))
    again = {"id": 1} if value == "absent" else {"id": 1, "email": value}
    released = shop.sync([begun(shop, mode, number=2)], record(**again), row("c", id=2), *end(mode, 2))
    assert released == [2]
    assert shop.people_in() == people("ac")
    report = reports(outbox)[-1]
    assert (report["entered"], report["synced"], report["not_synced"]) == (2, 2, {})


@pytest.mark.parametrize("mode", [CHANGES, WHOLE])
@pytest.mark.parametrize("value", MASKED)
def test_a_row_whose_address_can_not_be_read_any_more_loses_it(shop: Shop, mode: dict[str, Any], value: Any) -> None:
    shop.sync([begun(shop, mode)], row("a", id=1), row("b", id=2), row("c", id=3), *end(mode, 1))
    lines = [record(id=1, email=value), row("b", id=2), row("c", id=3)]
    assert shop.sync([begun(shop, mode, number=2)], *lines, *end(mode, 2)) == [2]
    assert shop.people_in() == people("bc")


@pytest.mark.parametrize("value", MASKED)
def test_an_unreadable_address_leaves_though_the_row_has_another_column(shop: Shop, value: Any) -> None:
    columns = {"email": "a@example.com", "user_email": "b@example.com"}
    shop.sync([deduped("users", "user_email")], record(id=1, **columns), state(1))
    shop.sync([deduped("users", "user_email")], record(id=1, **{**columns, "email": value}), state(2))
    assert shop.people_in() == people("b")
    shop.sync([deduped("users", "user_email")], record(id=1, email=value), state(3))
    assert shop.people_in() == people("b")
    shop.sync([deduped("users", "user_email")], record(id=1, user_email=value, email=UNAVAILABLE_VALUE), state(4))
    assert shop.people_in() == set()


def test_a_column_that_is_unchanged_does_not_keep_the_former_value_of_another(shop: Shop) -> None:
    streams = [deduped("users", "user_email")]
    shop.sync(streams, record(id=1, email="old@example.com", user_email="b@example.com"), state(1))
    shop.sync(streams, record(id=1, email="new@example.com", user_email=UNAVAILABLE_VALUE), state(2))
    assert shop.people_in() == people(["new", "b"])
    shop.sync(streams, record(id=1, email="newest@example.com"), state(3))
    assert shop.people_in() == people(["newest", "b"])


def test_a_row_of_which_nothing_is_given_and_nothing_known_is_counted(shop: Shop, outbox: Any) -> None:
    lines = [record(id=1), record(id=2, email=UNAVAILABLE_VALUE), row("c", id=3), state(1)]
    assert shop.sync([deduped()], *lines) == [1]
    assert shop.people_in() == people("c")
    report = reports(outbox)[-1]
    assert (report["synced"], report["not_synced"], report["pending"]) == (1, {"value_unchanged": 2}, 0)


def test_without_a_key_an_unchanged_value_is_nobody(shop: Shop, outbox: Any) -> None:
    lines = [record(email=UNAVAILABLE_VALUE), record(), *(row(name) for name in "ab"), state(1, {})]
    shop.sync([deduped(primary_key=[])], *lines)
    shop.sync([deduped()], *lines, membership_store={"store_type": "none"})
    expected = {"value_unchanged": 1, "no_identity": 1}
    assert [(report["synced"], report["not_synced"]) for report in reports(outbox)] == [(2, expected)] * 2


def test_a_deletion_of_a_row_whose_address_is_unchanged_takes_it_out(shop: Shop) -> None:
    shop.sync([deduped()], row("a", id=1), row("b", id=2), state(1))
    gone = {"_ab_cdc_deleted_at": "2026-11-22T10:00:00Z"}
    shop.sync([deduped()], record(id=1, email=UNAVAILABLE_VALUE, **gone), record(id=2, **gone), state(2))
    assert shop.people_in() == set()


def test_a_key_is_the_same_in_each_spelling_of_its_columns_type(shop: Shop) -> None:
    typed = deduped()
    typed["stream"]["json_schema"]["properties"]["id"] = {"type": ["null", "integer"]}
    shop.sync([typed], row("a", id=1), row("b", id=2), row("c", id=3), state(1))
    shop.sync([typed], row("d", id="1"), row("b", id=2.0), record(id="3", _ab_cdc_deleted_at="2026"), state(2))
    assert shop.people_in() == people("bd")
    assert shop.writes == [("REMOVE", people("ac")), ("ADD", people("d"))]


def test_a_table_of_which_most_rows_are_masked_takes_nobody_out(shop: Shop) -> None:
    shop.sync([begun(shop, WHOLE)], *(row(name, id=number) for number, name in enumerate("abcd")), *end(WHOLE, 1))
    masked = [record(id=number, email="***") for number in range(3)]
    with raises(Code.TOO_MANY_ROWS_REJECTED, match="column email: 3 of 3 values look like masked values"):
        shop.sync([begun(shop, WHOLE, number=2)], *masked, row("d", id=3), *end(WHOLE, 2))
    assert shop.released == []
    assert shop.people_in() == people("abcd")


@pytest.mark.parametrize("count", [99, 100])
def test_an_increment_that_is_malformed_throughout_fails_from_a_hundred_rows_on(shop: Shop, count: int) -> None:
    shop.sync([deduped()], row("a", id=0), state(1))
    masked = [*(record(id=number, email="5d41402abc4b2a76b9719d911017c592") for number in range(count)), state(2)]
    if count < 100:
        assert shop.sync([deduped()], *masked) == [2]
        return
    with raises(Code.NO_ROW_USABLE, match="column email: 100 of 100 values look like MD5 digests"):
        shop.sync([deduped()], *masked)
    assert shop.released == []
    assert shop.people_in() == people("a")
    assert shop.sync([deduped()], *masked, max_rejected_percent=100) == [2]
    assert shop.people_in() == set()
