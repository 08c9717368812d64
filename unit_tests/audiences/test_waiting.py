from __future__ import annotations

from collections.abc import Callable

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.creation import NOBODY, AudienceCreator
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.shadow_list import ShadowList, is_shadow_list_of
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.audiences.waiting import (
    Waiting,
    emptied_name,
    is_note,
    is_unproven,
    made_name,
    read_waiting,
    waiting_name,
)
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest

ALONE = ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")
VIP = AudienceTarget("VIP", frozenset({Identifier.EMAIL}))


def lists(*names: str) -> list[CustomerList]:
    return [CustomerList(id=str(number), name=name) for number, name in enumerate(names, 1)]


@pytest.fixture
def lookup(make_client: Callable[[], PinterestClient], clock: Clock) -> AudienceLookup:
    return AudienceLookup(make_client(), now=clock.now)


@pytest.fixture
def creator(
    make_client: Callable[[], PinterestClient], make_creator: Callable[[PinterestClient], AudienceCreator]
) -> AudienceCreator:
    return make_creator(make_client())


def find(lookup: AudienceLookup) -> AudienceTarget:
    (update,) = lookup.find([VIP])
    return update.target


def test_the_newest_note_counts() -> None:
    first, second = (waiting_name("VIP", None, number) for number in ("7", "8"))
    assert read_waiting(lists("VIP")) is None
    assert read_waiting(lists("VIP", second, first)) == Waiting("3", "7")
    assert read_waiting(lists("VIP", first, emptied_name("VIP", None))) == Waiting("3", "3")
    assert read_waiting(lists("VIP", first, made_name("VIP", None))) is None
    assert read_waiting(lists(made_name("VIP", "shop"), waiting_name("VIP", "shop", "7"))) == Waiting("2", "7")


def test_notes_are_lists_of_the_audience_and_no_list_to_take_up() -> None:
    names = [waiting_name("VIP", "shop", "7"), made_name("VIP", None), emptied_name("VIP", None), "VIP", "VIP [x]"]
    assert [is_shadow_list_of(name, "VIP") for name in names] == [True, True, True, False, False]
    assert [is_note(one) for one in lists(*names)] == [True, True, False, False, False]


def test_what_may_be_unfinished_is_a_list_that_a_replacement_was_built_in() -> None:
    names = [ALONE.list_name("VIP"), emptied_name("VIP", None), "VIP", "VIP [generation 7, job 12]"]
    assert [is_unproven(one) for one in lists(*names)] == [True, False, False, False]


def test_the_list_that_a_note_names_is_taken_up_and_not_a_newer_one(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    waiting = pinterest.add_list("VIP", "a")
    pinterest.add_list(waiting_name("VIP", None, waiting), NOBODY)
    pinterest.add_list(ALONE.list_name("VIP"), "b")
    found = find(lookup)
    assert (found.list_id, found.waiting) == (waiting, waiting)


def test_a_note_is_void_once_a_newer_list_is_in_use(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    waiting = pinterest.add_list("VIP", "a")
    pinterest.add_list(waiting_name("VIP", None, waiting), NOBODY)
    pinterest.add_audience("Renamed by hand", pinterest.add_list(ALONE.list_name("VIP"), "b"))
    assert find(lookup).list_id is None


def test_a_note_of_another_installation_says_nothing(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    planted = pinterest.add_list("planted", "x")
    pinterest.add_list(waiting_name("VIP", "other", planted), NOBODY)
    ours = pinterest.add_list("VIP", "a")
    assert find(lookup).list_id == ours


def test_a_list_is_noted_once(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    noted = creator.note_waiting(VIP, "7")
    creator.note_waiting(VIP, "7")
    creator.note_waiting(noted, "7")
    assert [one["name"] for one in pinterest.lists.values()] == ["VIP [dp2: list 7 waits]"]


def test_a_list_that_an_earlier_attempt_may_have_left_unfinished_is_not_noted(
    lookup: AudienceLookup, creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    pinterest.add_list("VIP [dp2: started 2026-11-22 15:00:00 UTC, 00fe]", "a")
    (update,) = lookup.find([AudienceTarget("VIP", VIP.identifiers, shadow=ALONE)])
    creator.create_list(update.target, "b")
    assert [one["name"] for one in pinterest.lists.values()][1:] == [ALONE.list_name("VIP")]
