"""A store that is an older copy is noticed, and so is somebody else who writes to the customer list."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.audiences.description_mark import read_mark
from destination_pinterest.audiences.remembered import StoreEpoch
from destination_pinterest.error_codes import Code
from unit_tests.remembered.shop import BY_IMAGE, Shop, people, reports, rows, state, stream
from unit_tests.support.raises import raises

OTHERS = re.compile("Something else seems to write")


def sync(shop: Shop, names: Iterable[str], **settings: Any) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows(names), state(1, {}), **settings)


def description(shop: Shop) -> str:
    (audience,) = shop.pinterest.audiences.values()
    text: str = audience["description"]
    return text


def seen(shop: Shop) -> StoreEpoch | None:
    """What Pinterest has seen of the store."""
    return read_mark(description(shop)).store


def copy_of(shop: Shop, to: Path) -> Path:
    shutil.copytree(shop.root, to)
    return to


def restore(shop: Shop, copy: Path) -> None:
    shutil.rmtree(shop.root)
    shutil.copytree(copy, shop.root)


def warnings(outbox: Any) -> list[str]:
    """What the last sync said of other writers."""
    return [note for note in reports(outbox)[-1]["notes"] if OTHERS.match(note)]


def test_a_restored_older_copy_is_refused_before_anything_is_sent(shop: Shop, tmp_path: Path) -> None:
    sync(shop, "abcd")
    older = copy_of(shop, tmp_path / "last week's")
    sync(shop, "abef")
    before = seen(shop)
    restore(shop, older)
    with raises(Code.STORE_ROLLED_BACK, match=r"older copy.*Restore the newest copy.*store drop") as raised:
        sync(shop, "cdef")
    assert raised.value.failure_kind == "config_error"
    assert (shop.writes, shop.people_in(), seen(shop)) == ([], people("abef"), before)


def test_the_newest_copy_goes_on(shop: Shop, tmp_path: Path) -> None:
    sync(shop, "abcd")
    sync(shop, "abef")
    newest = copy_of(shop, tmp_path / "today's")
    restore(shop, newest)
    sync(shop, "ab")
    assert shop.people_in() == people("ab")


def test_after_a_drop_a_new_ledger_goes_on_from_what_pinterest_has_seen(shop: Shop, tmp_path: Path) -> None:
    sync(shop, "abcd")
    older = copy_of(shop, tmp_path / "older")
    sync(shop, "ab")
    before = seen(shop)
    for folder in list(shop.root.iterdir()):
        shutil.rmtree(folder)
    sync(shop, "bc")
    after = seen(shop)
    assert shop.people_in() == people("abc")
    assert before is not None
    assert after is not None
    assert (after.epoch > before.epoch, after.ledger != before.ledger) == (True, True)
    restore(shop, older)
    with raises(Code.STORE_ROLLED_BACK, match="another one has kept the audience"):
        sync(shop, "a")


def test_the_older_copy_is_used_if_the_mark_is_deleted_by_hand(shop: Shop, tmp_path: Path) -> None:
    sync(shop, "abcd")
    older = copy_of(shop, tmp_path / "older")
    sync(shop, "abef")
    restore(shop, older)
    (audience,) = shop.pinterest.audiences.values()
    audience["description"] = "VIPs of the shop"
    sync(shop, "abc")
    # As the page says: who left since and came back is missing, and who came since stays.
    assert shop.people_in() == people("abef")
    assert description(shop).startswith("VIPs of the shop [dp1:e")


def test_the_mark_costs_a_look_and_a_write_after_a_change_and_nothing_without_one(shop: Shop) -> None:
    def about_the_audience() -> list[str]:
        return [one.method for one in shop.pinterest.asked if re.search(r"/audiences/\d+$", one.path)]

    sync(shop, "abc")
    assert ("PATCH" in about_the_audience(), seen(shop) is not None) == (False, True)
    sync(shop, "abc")
    looks = about_the_audience()  # These are the report's.
    assert "PATCH" not in looks
    sync(shop, "abd")
    assert sorted(about_the_audience()) == sorted([*looks, "GET", "PATCH"])
    sync(shop, "abd")
    assert about_the_audience() == looks


def test_the_mark_is_never_ahead_of_the_store_and_a_mark_that_is_behind_is_made_up_for(shop: Shop, outbox: Any) -> None:
    sync(shop, "abc")
    before = seen(shop)
    shop.pinterest.refuse("PATCH", r"/audiences/\d+$", 400)
    sync(shop, "abd")
    assert any("the mark for the next sync could not be written" in note for note in reports(outbox)[-1]["notes"])
    assert seen(shop) == before
    sync(shop, "abd")
    with shop.open() as ledger:
        assert seen(shop) == StoreEpoch(ledger.epoch, ledger.name)


def test_a_sync_that_fails_after_its_commit_leaves_the_mark_behind(shop: Shop) -> None:
    sync(shop, "abc")
    before = seen(shop)
    with raises(Code.LINE_NOT_A_MESSAGE):
        shop.sync([stream(**BY_IMAGE, name="other")], *rows("x", "other"), state(1, {}, "other"), b"{")
    assert seen(shop) == before


def test_words_around_the_mark_and_other_parts_of_it_are_kept(shop: Shop) -> None:
    sync(shop, "abc")
    (audience,) = shop.pinterest.audiences.values()
    audience["description"] = f"Ours. {audience['description']} Yours."[:-1] + "!"
    mark = re.search(r"\[dp1:[^]]*\]", audience["description"])
    assert mark is not None
    audience["description"] = audience["description"].replace(mark[0], mark[0][:-1] + ";x7]")
    sync(shop, "abd")
    assert description(shop).startswith("Ours. Kept by")
    assert "Yours!" in description(shop)
    assert ";x7]" in description(shop)


def test_a_store_without_an_epoch_and_an_audience_without_a_mark_are_continued(shop: Shop) -> None:
    shop.has("ab")
    (audience,) = shop.pinterest.audiences.values()
    audience["description"] = "VIPs [dp1:w200,E1000]"
    sync(shop, "abc")
    assert description(shop).startswith("VIPs [dp1:w200,E1000;e")


@pytest.mark.parametrize("moved", ["num_uploaded_user_records", "num_removed_user_records"])
def test_counters_that_others_have_moved_are_a_warning_once(shop: Shop, outbox: Any, moved: str) -> None:
    sync(shop, "abcdef")
    sync(shop, "abcdeg")
    assert warnings(outbox) == []
    (customer_list,) = shop.pinterest.lists.values()
    customer_list["status"] = "READY"
    customer_list[moved] += 5
    sync(shop, "abcdeg")
    (warning,) = warnings(outbox)
    assert (" 5 records added and 0 removed " in warning) is (moved == "num_uploaded_user_records")
    assert (" 0 records added and 5 removed " in warning) is (moved == "num_removed_user_records")
    sync(shop, "abcdeh")
    assert warnings(outbox) == []


def test_counters_that_lag_are_no_warning(shop: Shop, outbox: Any) -> None:
    sync(shop, "abc")
    (customer_list,) = shop.pinterest.lists.values()
    late = dict(customer_list)
    customer_list["num_uploaded_user_records"] = 0
    for names in ("abd", "abe", "abf"):
        sync(shop, names)
        assert warnings(outbox) == []
    customer_list["num_uploaded_user_records"] += late["num_uploaded_user_records"]
    sync(shop, "abf")
    assert warnings(outbox) == []


def test_after_a_sync_that_failed_counters_are_not_compared(shop: Shop, outbox: Any) -> None:
    sync(shop, "abc")
    shop.pinterest.lose("PATCH", "/customer_lists/", acted=True, times=1)
    with raises(Code.PINTEREST_UNREACHABLE):
        sync(shop, "abcdefghijklmnop", retry_hours=0)
    (customer_list,) = shop.pinterest.lists.values()
    customer_list["num_uploaded_user_records"] += 5_000
    sync(shop, "abcdefghijklmnop")
    assert warnings(outbox) == []


@pytest.mark.parametrize("acted", [False, True])
def test_a_request_that_was_repeated_is_no_warning(shop: Shop, outbox: Any, acted: bool) -> None:
    shop.pinterest.lose("POST", "/customer_lists", acted=acted)
    sync(shop, "abc")
    shop.pinterest.lose("PATCH", "/customer_lists/", acted=acted)
    sync(shop, "abdefgh")
    for _ in range(2):
        sync(shop, "abdefgh")
        assert warnings(outbox) == []


def test_a_list_whose_counters_may_still_move_is_not_compared(shop: Shop, outbox: Any) -> None:
    shop.has("abc")
    (customer_list,) = shop.pinterest.lists.values()
    customer_list["status"] = "PROCESSING"
    sync(shop, "abcd")
    customer_list["num_uploaded_user_records"] += 5_000
    sync(shop, "abcd")
    assert warnings(outbox) == []
