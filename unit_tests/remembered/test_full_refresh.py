"""Tables that are read whole, and what keeps them from emptying an audience."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from unit_tests.remembered.shop import (
    BY_IMAGE,
    BY_OPERATION,
    DEDUPED,
    PLATFORM,
    PYAIRBYTE,
    Shop,
    complete,
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
from unit_tests.support.raises import raises

TWENTY = "abcdefghijklmnopqrst"


@pytest.mark.parametrize("host", [PLATFORM, BY_IMAGE, PYAIRBYTE])
def test_of_a_table_that_is_read_whole_only_the_difference_is_sent(shop: Shop, host: dict[str, Any]) -> None:
    proof = [state(1, {}), complete()]
    assert shop.sync([stream(**host)], *rows("abcd"), *proof) == [1]
    assert shop.writes == [("CREATE", people("abcd"))]
    later = {**host, "sync_id": 13} if host is PLATFORM else host
    assert shop.sync([stream(**later)], *rows("abcd"), *proof) == [1]
    assert shop.writes == []
    later = {**PLATFORM, "generation_id": 8, "minimum_generation_id": 8, "sync_id": 14} if host is PLATFORM else host
    assert shop.sync([stream(**later)], *rows("bcde"), *proof) == [1]
    assert shop.writes == [("REMOVE", people("a")), ("ADD", people("e"))]
    assert shop.people_in() == people("bcde")
    assert (len(shop.pinterest.lists), len(shop.pinterest.audiences)) == (1, 1)


def test_members_whom_others_added_are_never_touched_by_absence(shop: Shop, outbox: Any) -> None:
    shop.has("xy")
    shop.sync([stream(**BY_IMAGE)], *rows("ab"), state(1, {}))
    assert any("first sync with this membership store" in text for text in said(outbox, "WARN"))
    shop.others_add("z")
    shop.sync([stream(**BY_IMAGE)], *rows("bc"), state(1, {}))
    assert shop.people_in() == people("bcxyz")
    assert len([text for text in said(outbox, "WARN") if "first sync" in text and "Note" not in text]) == 1


@pytest.mark.parametrize("modes", [BY_IMAGE, DEDUPED])
def test_a_row_that_names_somebody_whom_others_added_takes_that_person_out(shop: Shop, modes: dict[str, Any]) -> None:
    shop.has("xy")
    lines = [row("a", id=1, op="upsert"), row("x", id=2, op="delete"), state(1, {})]
    shop.sync([stream("users", "id", "op", **modes)], *lines, **BY_OPERATION)
    assert shop.people_in() == people("ay")


def test_the_first_sync_takes_members_who_are_there_for_its_own_only_if_rows_name_them(shop: Shop) -> None:
    shop.has("abx")
    shop.sync([stream(**BY_IMAGE)], *rows("ab"), state(1, {}))
    shop.sync([stream(**BY_IMAGE)], *rows("a"), state(1, {}))
    assert shop.people_in() == people("ax")


@pytest.mark.parametrize("host", [PLATFORM, BY_IMAGE, PYAIRBYTE])
def test_without_proof_of_the_whole_nothing_is_sent_or_released_and_the_ledger_stays(
    shop: Shop, host: dict[str, Any]
) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(1, {}))
    with raises(Code.TABLE_INCOMPLETE, match=r"keeps its members.*ended without proof"):
        shop.sync([stream(**host)], *rows("ad"), state(2))
    assert (shop.writes, shop.released, shop.members()) == ([], [], 3)
    shop.sync([stream(**host)], *rows("ab"), state(2, {}), complete())
    assert shop.people_in() == people("ab")


def test_a_whole_table_of_nobody_that_ended_without_proof_is_no_reason_to_fail(shop: Shop) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("ab"), state(1, {}))
    assert shop.sync([stream(**BY_IMAGE)], row(None), state(2)) == [2]
    assert (shop.writes, shop.people_in()) == ([], people("ab"))


def test_a_later_attempt_of_a_job_whose_table_was_already_replaced_only_goes_on(shop: Shop) -> None:
    """The first attempt gave states back and then failed for another stream, so the second brings only the rest."""
    refreshed = {**DEDUPED, **PLATFORM}
    shop.has("")
    streams = [deduped(**refreshed), stream("orders", **PLATFORM)]
    first = [row(name, id=key) for key, name in enumerate("abcdef")]
    with raises(Code.TABLE_INCOMPLETE, match='"orders"'):
        shop.sync(streams, *first, state(1), *rows("x", "orders"), complete())
    assert (shop.released, shop.people_in()) == ([1], people("abcdef"))
    rest = [row("g", id=7), deleted(0), state(2), *rows("x", "orders"), complete(), complete("orders")]
    assert shop.sync(streams, *rest, max_removal_percent=100) == [2]
    assert shop.people_in() == people("bcdefg")
    next_refresh = {**refreshed, "generation_id": 8, "minimum_generation_id": 8, "sync_id": 13}
    shop.sync([deduped(**next_refresh)], row("g", id=7), state(3), complete(), max_removal_percent=100)
    assert shop.people_in() == people("g")


def test_a_later_attempt_of_a_table_that_can_not_be_resumed_mirrors_it_again(shop: Shop, outbox: Any) -> None:
    """The first attempt was killed after its state, and reading begins anew: what left the table meanwhile leaves."""
    shop.sync([stream(**PLATFORM)], *rows("abcdefghij"), state(1, {}), complete())
    assert shop.sync([stream(**PLATFORM)], *rows("abcdefghi"), state(2, {}), complete()) == [2]
    assert (shop.people_in(), shop.members()) == (people("abcdefghi"), 9)
    assert reports(outbox)[-1]["members"]["left_by_absence"] == 1


def test_a_later_attempt_of_a_table_that_can_be_resumed_brings_the_rest_and_mirrors_nothing(shop: Shop) -> None:
    resumable = stream(**PLATFORM)
    resumable["stream"]["is_resumable"] = True
    shop.sync([resumable], *rows("abcdefgh"), state(1), complete())
    shop.sync([resumable], *rows("ij"), state(2), complete(), max_removal_percent=100)
    assert (shop.people_in(), shop.members()) == (people("abcdefghij"), 10)


# --- a customer list that has no audience yet -------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403])
def test_a_clear_also_empties_a_list_that_has_no_audience_yet(shop: Shop, status: int, outbox: Any) -> None:
    """Pinterest found the first sync's people too few, or that sync died."""
    shop.pinterest.refuse("POST", "audiences", status, "Audience size too small")
    with nullcontext() if status == 400 else raises(Code.ROLE_MISSING):
        shop.sync([stream(**PLATFORM)], *rows(TWENTY), state(1), complete())
    cleared = {**PLATFORM, "generation_id": 8, "minimum_generation_id": 8, "sync_id": 13}
    assert shop.sync([stream(**cleared)], state(2, {}), complete()) == [2]
    assert any("keeps the 20 members" in text for text in said(outbox, "WARN"))
    shop.sync([stream(**cleared)], state(2, {}), complete(), allow_empty_audience=True)
    appended = {**cleared, "minimum_generation_id": 0, "sync_id": 14}
    shop.sync([stream(**appended)], *rows("vwxyz"), state(3), complete())
    assert (shop.people_in(), shop.members()) == (people("vwxyz"), 5)


def test_a_clear_after_a_sync_that_died_in_its_first_request_empties_the_list_that_this_made(
    shop: Shop, outbox: Any
) -> None:
    shop.pinterest.refuse("PATCH", "customer_lists/", 403)
    with raises(Code.ROLE_MISSING):
        shop.sync([stream(**PLATFORM)], *rows(TWENTY), state(1), complete(), batch_size=10)
    (made,) = shop.pinterest.lists
    assert len(shop.pinterest.members[made]) == 10
    cleared = {**PLATFORM, "generation_id": 8, "minimum_generation_id": 8, "sync_id": 13}
    shop.sync([stream(**cleared)], state(2, {}), complete())
    assert any("keeps the 20 members" in text for text in said(outbox, "WARN"))
    shop.sync([stream(**cleared)], state(2, {}), complete(), allow_empty_audience=True)
    assert shop.pinterest.members[made] == set()


# --- guards -----------------------------------------------------------------------------------------------------------


def test_too_many_who_would_leave_by_absence_stop_the_sync_with_both_numbers(shop: Shop) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abcdefgh"), state(1, {}))
    expected = r"5 of 8 identifiers \(62 %\) .*max_removal_percent\) permits 50 %"
    with raises(Code.REMOVAL_ABOVE_LIMIT, match=expected):
        shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(2, {}))
    assert (shop.writes, shop.released, shop.members()) == ([], [], 8)
    shop.sync([stream(**BY_IMAGE)], *rows("abcd"), state(2, {}))  # Half of them, which is permitted.
    assert shop.people_in() == people("abcd")
    shop.sync([stream(**BY_IMAGE)], *rows("a"), state(2, {}), max_removal_percent=75)
    assert shop.people_in() == people("a")


def test_people_who_leave_by_their_own_row_are_no_matter_of_the_guard(shop: Shop) -> None:
    shop.sync([deduped()], *(row(name, id=key) for key, name in enumerate("abcd")), state(1))
    shop.sync([deduped()], *(deleted(key) for key in range(4)), state(2), max_removal_percent=0)
    assert shop.people_in() == set()


def test_an_empty_table_keeps_its_people_unless_that_is_permitted(shop: Shop, outbox: Any) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(1, {}))
    assert shop.sync([stream(**BY_IMAGE)], state(2, {})) == [2]
    assert (shop.writes, shop.members()) == ([], 3)
    assert any("has no usable rows, so the audience keeps the 3 members" in text for text in said(outbox, "WARN"))
    assert shop.sync([stream(**BY_IMAGE)], state(3, {}), allow_empty_audience=True) == [3]
    assert (shop.people_in(), shop.members()) == (set(), 0)


def test_of_a_table_that_would_empty_the_audience_rows_that_name_somebody_still_count(shop: Shop) -> None:
    shop.has("x")
    table = stream("users", "op", **BY_IMAGE)
    shop.sync([table], *rows("abc"), state(1, {}), **BY_OPERATION)
    shop.sync([table], row("x", op="delete"), row("a", op="delete"), state(1, {}), **BY_OPERATION)
    assert shop.people_in() == people("bc")


def test_a_new_table_that_is_empty_creates_nothing(shop: Shop) -> None:
    assert shop.sync([stream(**BY_IMAGE)], state(1, {})) == [1]
    assert (shop.writes, shop.pinterest.lists) == ([], {})


@pytest.mark.parametrize("status", [400, 403])
def test_a_deletion_by_key_also_removes_from_a_list_that_has_no_audience_yet(shop: Shop, status: int) -> None:
    shop.pinterest.refuse("POST", "audiences", status, "Audience size too small")
    first = [row(name, id=key) for key, name in enumerate("abcd")]
    with nullcontext() if status == 400 else raises(Code.ROLE_MISSING):
        shop.sync([deduped()], *first, state(1))
    (waiting,) = shop.pinterest.lists
    shop.pinterest.refuse("POST", "audiences", 400, "Audience size too small", times=2)
    shop.sync([deduped()], deleted(0), state(2))
    assert shop.pinterest.members[waiting] == people("bcd")


@pytest.mark.parametrize("if_gone", ["recreate", "fresh", "fail"])
def test_a_store_goes_on_with_a_list_for_which_it_was_too_early_and_obeys_the_setting_once_the_audience_is_gone(
    shop: Shop, if_gone: str
) -> None:
    settings = {"if_audience_is_gone": if_gone}
    shop.pinterest.refuse("POST", "audiences", 400, "Audience size too small", times=2)
    shop.sync([deduped()], row("a", id=1), state(1), **settings)
    shop.sync([deduped()], row("b", id=2), state(2), **settings)
    assert (shop.people_in(), shop.members()) == (people("ab"), 2)
    shop.pinterest.audiences.clear()  # Somebody deletes it.
    with raises(Code.AUDIENCE_GONE) if if_gone == "fail" else nullcontext():
        shop.sync([deduped()], row("c", id=3), state(3), **settings)
    assert shop.members() == {"recreate": 3, "fresh": 1, "fail": 2}[if_gone]


def test_a_store_begins_anew_with_an_audience_that_the_settings_say_to_begin_afresh(shop: Shop) -> None:
    settings = {"if_audience_is_gone": "fresh"}
    shop.sync([deduped()], row("a", id=1), row("b", id=2), state(1), **settings)
    shop.pinterest.audiences.clear()  # Somebody deletes it.
    shop.sync([deduped()], row("a", id=1), row("c", id=3), state(2), **settings)
    assert (shop.people_in(), shop.members()) == (people("ac"), 2)
    shop.sync([deduped()], deleted(1), row("d", id=4), state(3), **settings)
    assert (shop.people_in(), shop.members()) == (people("cd"), 2)
