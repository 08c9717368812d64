from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.shadow_list import ShadowList
from destination_pinterest.audiences.stored_names import folded, is_cut_from
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises

LONG = "Customers of the northern region who have bought twice, " * 3
STORED: list[Callable[[str], str]] = [
    lambda name: " ".join(name.split()),
    str.strip,
    lambda name: name[:100],
    lambda name: name[:20],
    lambda name: unicodedata.normalize("NFD", name),
    lambda name: unicodedata.normalize("NFKC", name),
]


def target(name: str, shadow: ShadowList | None = None) -> AudienceTarget:
    return AudienceTarget(name, frozenset({Identifier.EMAIL}), shadow=shadow)


@pytest.fixture
def lookup(make_client: Callable[[], PinterestClient], clock: Clock) -> AudienceLookup:
    return AudienceLookup(make_client(), now=clock.now)


@pytest.fixture
def creator(make_client: Callable[[], PinterestClient], lookup: AudienceLookup, clock: Clock) -> AudienceCreator:
    return AudienceCreator(make_client(), lookup, delay_s=lambda *_: 1.0, system=clock.system)


def find(lookup: AudienceLookup, name: str) -> AudienceTarget:
    (update,) = lookup.find([target(name)])
    return update.target


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("name", [" VIP  of Malm\u00f6 \u2167 ", LONG])
def test_an_audience_that_pinterest_stores_under_another_name_is_found_by_the_next_sync(
    lookup: AudienceLookup,
    creator: AudienceCreator,
    pinterest: FakePinterest,
    stored: Callable[[str], str],
    name: str,
) -> None:
    pinterest.stored_name = stored
    found = find(lookup, name)
    made = creator.create_list(found, "aa")
    update = creator.create_audience(found, made.id)
    again = find(lookup, name)
    assert (again.audience_id, again.list_id) == (update.target.audience_id, made.id)
    assert len(pinterest.audiences) == 1


def test_a_name_that_was_cut_is_told_and_marked_so_that_another_that_begins_alike_is_not_taken_for_it(
    lookup: AudienceLookup, creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    pinterest.stored_name = lambda name: name[:50]
    update = creator.create_audience(find(lookup, LONG), pinterest.add_list("any"))
    assert f'under the name "{LONG[:50]}"' in update.notes[0]
    assert "[dp-name1:" in pinterest.audiences[str(update.target.audience_id)]["description"]
    assert find(lookup, LONG + "and paid").audience_id is None


def test_a_name_that_can_not_be_marked_is_told(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    pinterest.stored_name = lambda name: name[:50]
    pinterest.refuse("PATCH", "audiences/", 400, "The description is not allowed.")
    update = creator.create_audience(target(LONG), pinterest.add_list("any"))
    assert update.target.audience_id in pinterest.audiences
    assert "Choose a shorter audience name" in update.notes[0]


def test_a_name_that_is_stored_as_it_was_sent_is_not_marked(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    update = creator.create_audience(target("VIP"), pinterest.add_list("any"))
    assert (update.notes, pinterest.asked_for("PATCH")) == ((), [])


def test_an_exact_name_comes_before_one_that_differs_in_blanks(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    exact = pinterest.add_audience("VIP  customers", pinterest.add_list("a"))
    pinterest.add_audience("VIP customers", pinterest.add_list("b"))
    assert find(lookup, "VIP  customers").audience_id == exact


def test_two_names_either_of_which_may_be_meant_are_an_error(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    for name in ("VIP customers", "VIP customers "):
        pinterest.add_audience(name, pinterest.add_list(name))
    with raises(Code.NAME_AMBIGUOUS, match=r'"VIP  customers", and "VIP customers .* and "VIP customers'):
        find(lookup, "VIP  customers")


def test_two_audiences_of_one_sync_whose_names_may_be_stored_alike_are_an_error_unless_both_are_there(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    wanted = [target("VIP"), target("VIP ")]
    with raises(Code.NAME_AMBIGUOUS, match='"VIP" and "VIP " differ only'):
        lookup.find(wanted)
    made = [pinterest.add_audience(one.name, pinterest.add_list(one.name)) for one in wanted]
    assert [update.target.audience_id for update in lookup.find(wanted)] == made


@pytest.mark.parametrize("stored", STORED[:3])
def test_a_list_that_pinterest_stores_under_another_name_is_taken_up(
    lookup: AudienceLookup, creator: AudienceCreator, pinterest: FakePinterest, stored: Callable[[str], str]
) -> None:
    pinterest.stored_name = stored
    made = creator.create_list(find(lookup, f" {LONG}"), "aa")
    assert find(lookup, f" {LONG}").list_id == made.id


def test_a_lost_creation_is_found_under_the_name_that_it_got(
    lookup: AudienceLookup, creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    pinterest.stored_name = lambda name: " ".join(name.split())[:100]
    found = find(lookup, f" {LONG}")
    pinterest.lose("POST", "customer_lists", acted=True)
    made = creator.create_list(found, "aa")
    pinterest.lose("POST", "audiences", acted=True)
    creator.create_audience(found, made.id)
    assert (len(pinterest.lists), len(pinterest.audiences)) == (1, 1)


def test_a_replacement_over_several_attempts_needs_a_list_that_is_found_again(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    pinterest.stored_name = lambda name: name[:100]
    with raises(Code.LABEL_NOT_KEPT, match="Choose a shorter audience name"):
        creator.create_list(target(LONG, ShadowList("generation 7, job 12", "job")), "aa")
    creator.create_list(target("VIP", ShadowList("generation 7, job 12", "job")), "aa")
    creator.create_list(target(LONG, ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")), "aa")


def test_letters_are_compared_in_one_form_but_capitals_are_told_apart() -> None:
    assert folded(" Malmo\u0308\u00a0 VIP") == folded("Malm\u00f6 VIP")
    assert folded("vip") != folded("VIP")


@pytest.mark.parametrize(
    ("stored", "is_cut"), [(LONG[:50], True), (LONG[:39], False), (LONG, False), ("x" * 50, False)]
)
def test_only_a_long_beginning_may_be_what_is_left_of_a_name(stored: str, *, is_cut: bool) -> None:
    assert is_cut_from(stored, LONG) is is_cut
