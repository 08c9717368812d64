from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.shadow_list import SHADOW_LIST_MAX_AGE_S, ShadowList
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    ServerError,
)
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.raises import raises

EMAIL = frozenset({Identifier.EMAIL})


def target(name: str = "VIP", **known: Any) -> AudienceTarget:
    return AudienceTarget(name, EMAIL, **known)


@pytest.fixture
def client(make_client: Callable[..., Any]) -> Any:
    return make_client()


@pytest.fixture
def finder(client: Any, clock: Any) -> AudienceLookup:
    return AudienceLookup(client, now=clock.now)


def test_an_audience_of_the_name_is_used_with_its_list(finder: AudienceLookup, pinterest: Any) -> None:
    list_id = pinterest.add_list("some other name")
    audience_id = pinterest.add_audience("VIP", list_id)
    found = target()
    finder.find([found])
    assert (found.audience_id, found.list_id, found.notes) == (audience_id, list_id, [])
    assert pinterest.asked_for("GET", "customer_lists$") == []


def test_two_audiences_of_one_list_are_a_conflict(finder: AudienceLookup, pinterest: Any) -> None:
    list_id = pinterest.add_list("VIP")
    for name in ("VIP", "Buyers"):
        pinterest.add_audience(name, list_id)
    with raises(Code.CUSTOMER_LIST_SHARED, match=f'"VIP" and "Buyers" are made of the same .*{list_id}'):
        finder.find([target("VIP"), target("Buyers")])


def test_it_is_found_on_whatever_page_it_is(finder: AudienceLookup, pinterest: Any) -> None:
    pinterest.page_size = 2
    lists = [pinterest.add_list(f"list {number}") for number in range(7)]
    audiences = [pinterest.add_audience(f"audience {number}", list_id) for number, list_id in enumerate(lists)]
    pinterest.add_list("lonely")
    found, adopted = target("audience 6"), target("lonely")
    finder.find([found, adopted])
    assert found.audience_id == audiences[6]
    assert adopted.is_open


def test_an_audience_that_the_list_does_not_show_in_full_is_asked_for(finder: AudienceLookup, pinterest: Any) -> None:
    list_id = pinterest.add_list("VIP")
    audience_id = pinterest.add_audience("VIP", list_id)
    full = pinterest.audiences[audience_id]
    pinterest.audiences[audience_id] = {**full, "rule": None}

    def show_in_full(asked: Any) -> None:
        if asked.path.endswith(f"/audiences/{audience_id}"):
            pinterest.audiences[audience_id] = full

    pinterest.before = show_in_full
    found = target()
    finder.find([found])
    assert found.list_id == list_id


def test_an_audience_that_names_no_list_is_a_conflict(finder: AudienceLookup, pinterest: Any) -> None:
    pinterest.add_audience("VIP", None)
    with raises(Code.CUSTOMER_LIST_UNKNOWN, match="does not say which customer list"):
        finder.find([target()])


def test_nothing_of_the_name_leaves_everything_open(finder: AudienceLookup, pinterest: Any) -> None:
    list_id = pinterest.add_list("vip")
    pinterest.add_audience("VIP ", list_id)
    wanted = target()
    finder.find([wanted])
    assert (wanted.list_id, wanted.audience_id, wanted.notes) == (None, None, [])


def test_of_several_audiences_the_newest_is_used_and_it_is_said(finder: AudienceLookup, pinterest: Any) -> None:
    old, new = pinterest.add_list("a"), pinterest.add_list("b")
    newest = pinterest.add_audience("VIP", new)
    pinterest.audiences["99"] = {**pinterest.audiences[newest], "id": "99", "rule": {"customer_list_id": old}}
    found = target()
    finder.find([found])
    assert (found.audience_id, found.list_id) == (newest, new)
    assert found.notes == [f"2 audiences are named so; the newest made from a customer list is used ({newest})."]


def test_an_audience_of_another_type_takes_the_name(finder: AudienceLookup, pinterest: Any) -> None:
    pinterest.add_audience("VIP", None, kind="VISITOR")
    with raises(Code.AUDIENCE_OF_OTHER_TYPE, match='an audience "VIP" of the type VISITOR'):
        finder.find([target()])


def test_beside_an_audience_of_another_type_one_of_ours_is_used(finder: AudienceLookup, pinterest: Any) -> None:
    list_id = pinterest.add_list("VIP")
    ours = pinterest.add_audience("VIP", list_id)
    pinterest.add_audience("VIP", None, kind="ACTALIKE")
    found = target()
    finder.find([found])
    assert found.audience_id == ours
    assert "2 audiences" in found.notes[0]


def test_an_audience_whose_list_is_gone_says_what_to_do(finder: AudienceLookup, pinterest: Any) -> None:
    pinterest.add_audience("VIP", "12345")
    with raises(Code.CUSTOMER_LIST_GONE, match=r"customer list 12345, which is gone\. Remove or rename") as caught:
        finder.find([target()])
    assert caught.value.answer is not None
    assert caught.value.answer.status == 404


def test_a_list_without_an_audience_is_adopted(finder: AudienceLookup, pinterest: Any) -> None:
    list_id = pinterest.add_list("VIP")
    found = target()
    finder.find([found])
    assert (found.list_id, found.audience_id) == (list_id, None)
    assert found.notes == [f"A customer list without an audience was found and is used ({list_id})."]


def test_of_several_lists_the_newest_is_adopted(finder: AudienceLookup, pinterest: Any) -> None:
    pinterest.lists["99"] = {"id": "99", "name": "VIP"}
    newest = pinterest.add_list("VIP")
    pinterest.lists["100"] = {"id": "100", "name": "VIP"}
    found = target()
    finder.find([found])
    assert found.list_id == newest
    assert found.notes == [f"3 customer lists are named so; the newest is used ({newest})."]


def test_a_list_that_an_audience_of_another_name_uses_is_left_alone(finder: AudienceLookup, pinterest: Any) -> None:
    """Somebody has renamed the audience in Ads Manager: its people must not come and go with another table."""
    pinterest.add_audience("VIP of last year", pinterest.add_list("VIP"))
    found = target()
    finder.find([found])
    assert (found.list_id, found.notes) == (None, [])


def test_what_may_pass_is_raised_when_it_does_not(finder: AudienceLookup, pinterest: Any) -> None:
    pinterest.refuse("GET", "audiences", 500, times=9999)
    with pytest.raises(ServerError):
        finder.find([target()])


# --- audiences that were chosen by their id ---------------------------------------------------------------------------


def test_a_chosen_audience_is_used_with_its_list_and_under_the_name_that_it_has_now(
    finder: AudienceLookup, pinterest: Any
) -> None:
    list_id = pinterest.add_list("VIP")
    audience_id = pinterest.add_audience("VIP 2027", list_id)
    pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    found = target("VIP", chosen_id=audience_id)
    finder.find([found])
    assert (found.name, found.audience_id, found.list_id, found.notes) == ("VIP 2027", audience_id, list_id, [])


def test_a_chosen_audience_and_another_of_its_name_are_two(finder: AudienceLookup, pinterest: Any) -> None:
    chosen_id = pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    newest_id = pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    chosen, named = target("VIP", chosen_id=chosen_id), target("VIP")
    finder.find([chosen, named])
    assert (chosen.audience_id, named.audience_id) == (chosen_id, newest_id)


def test_an_audience_that_is_reached_by_its_id_and_by_its_name_is_a_conflict(
    finder: AudienceLookup, pinterest: Any
) -> None:
    audience_id = pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    for targets in ([target("VIP", chosen_id=audience_id), target("VIP")], [target(), target(chosen_id=audience_id)]):
        with raises(Code.CUSTOMER_LIST_SHARED, match="Choose one destination object for both streams"):
            finder.find(targets)


def test_a_chosen_audience_that_is_gone_is_not_made_anew(finder: AudienceLookup, pinterest: Any) -> None:
    pinterest.add_list("VIP")
    with raises(
        Code.CHOSEN_AUDIENCE_GONE, match=r'"VIP" \(7\), which the connection writes to, is not in the ad account'
    ):
        finder.find([target("VIP", chosen_id="7")])


def test_a_chosen_audience_whose_list_is_gone_asks_for_another_choice(finder: AudienceLookup, pinterest: Any) -> None:
    audience_id = pinterest.add_audience("VIP", "77")
    with raises(Code.CUSTOMER_LIST_GONE, match=r"customer list 77, which is gone\. Choose another destination object"):
        finder.find([target("VIP", chosen_id=audience_id)])


def test_a_chosen_audience_that_takes_no_people_is_a_conflict(finder: AudienceLookup, pinterest: Any) -> None:
    audience_id = pinterest.add_audience("Visitors", None, "VISITOR")
    with raises(Code.CHOSEN_AUDIENCE_OF_OTHER_TYPE, match="type VISITOR"):
        finder.find([target("Visitors", chosen_id=audience_id)])


def replacing(generation: ShadowList, name: str = "VIP") -> AudienceTarget:
    return target(name, generation=generation)


GENERATION = ShadowList("generation 7, job 12", "job")


def test_a_generation_begins_beside_the_live_list(finder: AudienceLookup, pinterest: Any) -> None:
    live = pinterest.add_list("VIP", "a")
    audience_id = pinterest.add_audience("VIP", live)
    found = replacing(GENERATION)
    finder.find([found])
    assert (found.audience_id, found.list_id, found.notes) == (audience_id, None, [])
    assert found.before is not None
    assert found.before.id == live


def test_a_second_attempt_goes_on_with_the_list_of_its_generation(finder: AudienceLookup, pinterest: Any) -> None:
    pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    pinterest.add_list("VIP [generation 6, job 12]")
    pinterest.add_list("VIP [generation 7, job 11]")
    begun = pinterest.add_list("VIP [generation 7, job 12]")
    found = replacing(GENERATION)
    finder.find([found])
    assert found.list_id == begun


@pytest.mark.parametrize("is_live", [True, False])
def test_a_list_that_pinterest_creates_late_takes_nobodys_place(
    finder: AudienceLookup, pinterest: Any, is_live: bool
) -> None:
    """A killed attempt had asked for it; the attempt after that had to ask again."""
    begun = pinterest.add_list("VIP [generation 7, job 12]")
    pinterest.add_audience("VIP", begun if is_live else pinterest.add_list("VIP"))
    pinterest.add_list("VIP [generation 7, job 12]")
    found = replacing(GENERATION)
    finder.find([found])
    assert found.list_id == begun


def test_an_attempt_after_the_switch_goes_on_with_the_live_list(finder: AudienceLookup, pinterest: Any) -> None:
    live = pinterest.add_list("VIP [generation 7, job 12]")
    pinterest.add_audience("VIP", live)
    found = replacing(GENERATION)
    finder.find([found])
    assert found.list_id == live
    assert found.before is not None
    assert found.before.id == live


@pytest.mark.parametrize("is_live", [True, False])
def test_an_old_list_is_of_an_earlier_life_of_the_platform(
    finder: AudienceLookup, pinterest: Any, clock: Any, is_live: bool
) -> None:
    old = pinterest.add_list("VIP [generation 7, job 12]", created_time=clock.now() - SHADOW_LIST_MAX_AGE_S - 1)
    pinterest.add_audience("VIP", old if is_live else pinterest.add_list("VIP"))
    found = replacing(GENERATION)
    finder.find([found])
    assert found.list_id is None
    assert found.left_over_list_ids == ([] if is_live else [old])


def test_a_list_that_an_audience_of_another_name_uses_is_not_the_generations(
    finder: AudienceLookup, pinterest: Any
) -> None:
    pinterest.add_audience("Renamed by hand", pinterest.add_list("VIP [generation 7, job 12]"))
    found = replacing(GENERATION)
    finder.find([found])
    assert found.list_id is None


def test_what_earlier_replacements_left_over_is_found(finder: AudienceLookup, pinterest: Any) -> None:
    left = [pinterest.add_list(name) for name in ("VIP [generation 6, job 11]", "VIP [started 2026-11-22 UTC, 00ff]")]
    pinterest.add_list("VIP [my own]")
    pinterest.add_list("VIPs [generation 6, job 11]")
    pinterest.add_list("VIP")
    pinterest.add_audience("VIP", pinterest.add_list("VIP [generation 5, job 10]"))
    pinterest.add_list("VIP [generation 7, job 12]")
    found = replacing(GENERATION)
    finder.find([found])
    assert found.left_over_list_ids == left


def test_a_chosen_audience_that_was_renamed_goes_on_with_its_list(finder: AudienceLookup, pinterest: Any) -> None:
    generation = ShadowList("audience 77, generation 7, job 12", "job")
    audience_id = pinterest.add_audience("New name", pinterest.add_list("Old name"))
    begun = pinterest.add_list(generation.list_name("Old name"))
    found = target("Old name", chosen_id=audience_id, generation=generation)
    finder.find([found])
    assert (found.name, found.list_id) == ("New name", begun)


def test_a_list_that_was_replaced_is_not_adopted_again(finder: AudienceLookup, pinterest: Any) -> None:
    """The audience was replaced and then renamed by hand: the people of the old list had left."""
    pinterest.add_list("VIP", "a")
    pinterest.add_audience("Renamed by hand", pinterest.add_list("VIP [generation 7, job 12]"))
    found = target()
    finder.find([found])
    assert (found.list_id, found.notes) == (None, [])


@pytest.mark.parametrize("names", [("VIP", "VIP [generation 7, job 12]"), ("VIP [generation 7, job 12]", "VIP")])
def test_for_an_audience_that_does_not_exist_the_list_that_was_made_last_is_taken(
    finder: AudienceLookup, pinterest: Any, names: tuple[str, str]
) -> None:
    _, newest = (pinterest.add_list(name) for name in names)
    found = target()
    finder.find([found])
    assert found.list_id == newest


def test_a_list_that_was_there_before_is_not_taken_for_one_that_was_just_created(
    finder: AudienceLookup, pinterest: Any
) -> None:
    old = "VIP [generation 7, job 12]"
    pinterest.add_list(old, created_time=1)
    found = replacing(GENERATION)
    finder.find([found])
    assert finder.newest_list(old) is None
    created = pinterest.add_list(old)
    just_made = finder.newest_list(old)
    assert just_made is not None
    assert just_made.id == created


def test_a_list_whose_audience_hides_what_it_is_made_of_is_not_left_over(
    finder: AudienceLookup, pinterest: Any
) -> None:
    live = pinterest.add_list("VIP [generation 6, job 11]")
    audience_id = pinterest.add_audience("VIP", live)
    full = pinterest.audiences[audience_id]
    pinterest.audiences[audience_id] = {**full, "rule": None}

    def show_in_full(asked: Any) -> None:
        if asked.path.endswith(f"/audiences/{audience_id}"):
            pinterest.audiences[audience_id] = full

    pinterest.before = show_in_full
    found = replacing(GENERATION)
    finder.find([found])
    assert found.left_over_list_ids == []


def test_a_list_of_one_attempt_is_never_taken_up_by_another(finder: AudienceLookup, pinterest: Any) -> None:
    generation = ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")
    left = pinterest.add_list(generation.list_name("VIP"))
    found = replacing(generation)
    finder.find([found])
    assert (found.list_id, found.left_over_list_ids) == (None, [left])


@pytest.mark.parametrize("is_old", [False, True])
def test_what_an_earlier_attempt_of_the_job_put_in_place_is_kept_while_it_is_young(
    finder: AudienceLookup, pinterest: Any, clock: Any, is_old: bool
) -> None:
    """A platform that is installed anew counts its jobs from 1 again."""
    name = "VIP [generation 7, job 12, started 2026-11-22 16:00:00 UTC, 00ff]"
    live = pinterest.add_list(name, created_time=clock.now() - SHADOW_LIST_MAX_AGE_S * is_old - 1)
    pinterest.add_audience("VIP", live)
    found = replacing(ShadowList("generation 7, job 12, started 2026-11-22 17:00:00 UTC, 0aff", "attempt", 12))
    finder.find([found])
    assert found.list_id == (None if is_old else live)


@pytest.mark.parametrize(
    "generation",
    [
        ShadowList("generation 7, job 12", "job"),
        ShadowList("generation 7, job 12, started 2026-11-22 17:00:00 UTC, 0aff", "attempt", 12),
    ],
)
def test_an_audience_is_begun_with_the_newest_left_over_list_that_no_later_attempt_takes_for_finished(
    finder: AudienceLookup, pinterest: Any, generation: ShadowList
) -> None:
    pinterest.add_list("VIP [generation 5, job 10]")
    earlier_job = pinterest.add_list("VIP [generation 6, job 11]")
    pinterest.add_list("VIP [generation 7, job 12]")
    created_late = pinterest.add_list("VIP [generation 7, job 12]")
    found = replacing(generation)
    finder.find([found])
    assert created_late in found.left_over_list_ids
    assert found.beginning_list_id == earlier_job
