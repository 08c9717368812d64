from __future__ import annotations

from itertools import count

import pytest

from destination_pinterest.api.paging import MOST_BYTES, MOST_IDLE_PAGES, MOST_PAGES, Paging
from destination_pinterest.error_codes import Code
from unit_tests.support.clock import Clock
from unit_tests.support.raises import raises


def test_there_is_room_for_50_000_lists_in_pages_of_50() -> None:
    listing = Paging("audiences", Clock().clock)
    for page in range(999):
        assert listing.next_bookmark((str(page * 50 + row) for row in range(50)), str(page)) == str(page)
    assert listing.next_bookmark(("x",), None) == ""


def test_a_page_without_a_bookmark_is_the_last() -> None:
    assert Paging("audiences", Clock().clock).next_bookmark((), "") == ""


def test_a_bookmark_that_comes_twice_ends_the_listing() -> None:
    listing = Paging("audiences", Clock().clock)
    listing.next_bookmark(("1",), "a")
    with raises(Code.ANSWER_UNEXPECTED, match="a bookmark came twice"):
        listing.next_bookmark(("2",), "a")


@pytest.mark.parametrize("ids", [[], ["1"]], ids=["empty", "repeated"])
def test_pages_that_bring_nothing_new_end_the_listing(ids: list[str]) -> None:
    listing = Paging("audiences", Clock().clock)
    listing.next_bookmark(("1",), "first")
    for page in range(MOST_IDLE_PAGES - 1):
        listing.next_bookmark(ids, str(page))
    with raises(Code.ANSWER_TOO_LARGE, match="20 pages in a row brought nothing new"):
        listing.next_bookmark(ids, "last")


def test_pages_that_bring_nothing_new_now_and_then_do_not() -> None:
    listing = Paging("audiences", Clock().clock)
    for page in range(MOST_PAGES - 1):
        listing.next_bookmark([str(page)] if page % MOST_IDLE_PAGES == 0 else [], str(page))


def test_a_listing_of_ever_new_pages_ends() -> None:
    listing = Paging("audiences", Clock().clock)
    with raises(Code.ANSWER_TOO_LARGE, match="1,000 pages were not all"):
        for page in count():
            listing.next_bookmark((str(page),), str(page))


def test_a_listing_of_large_pages_ends() -> None:
    listing = Paging("audiences", Clock().clock)
    read = listing.measured(len)
    page = b" " * 2**20
    with raises(Code.ANSWER_TOO_LARGE, match="256 MB were not all"):
        for number in count():
            assert number <= MOST_BYTES // len(page)
            read(page)
            listing.next_bookmark((str(number),), str(number))


def test_a_listing_that_a_person_waits_for_has_its_time(clock: Clock) -> None:
    listing = Paging("audiences", clock.clock, 240.0)
    clock.pass_by(240)
    assert listing.next_bookmark(("1",), "a") == "a"
    clock.pass_by(1)
    with raises(Code.PINTEREST_UNREACHABLE, match="not complete within 240 s"):
        listing.next_bookmark(("2",), "b")
    assert listing.next_bookmark(("2",), None) == ""
