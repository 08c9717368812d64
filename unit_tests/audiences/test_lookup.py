from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.wire import Reply
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.shadow_list import SHADOW_LIST_MAX_AGE_S, ShadowList
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import Asked, FakePinterest
from unit_tests.support.raises import raises

EMAIL = frozenset({Identifier.EMAIL})


def target(name: str = "VIP", **known: Any) -> AudienceTarget:
    return AudienceTarget(name, EMAIL, **known)


@pytest.fixture
def lookup(make_client: Callable[[], PinterestClient], clock: Clock) -> AudienceLookup:
    return AudienceLookup(make_client(), now=clock.now)


def find(lookup: AudienceLookup, wanted: AudienceTarget) -> TargetUpdate:
    (update,) = lookup.find([wanted])
    return update


def test_an_audience_of_the_name_is_used_with_its_list(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("some other name")
    audience_id = pinterest.add_audience("VIP", list_id)
    update = find(lookup, target())
    found = update.target
    assert (found.audience_id, found.list_id, update.notes) == (audience_id, list_id, ())
    assert pinterest.asked_for("GET", "customer_lists$") == []


def test_two_audiences_of_one_list_are_a_conflict(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP")
    for name in ("VIP", "Buyers"):
        pinterest.add_audience(name, list_id)
    with raises(Code.CUSTOMER_LIST_SHARED, match=f'"VIP" and "Buyers" are made of the same .*{list_id}'):
        lookup.find([target("VIP"), target("Buyers")])


def test_it_is_found_on_whatever_page_it_is(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    pinterest.page_size = 2
    lists = [pinterest.add_list(f"list {number}") for number in range(7)]
    audiences = [pinterest.add_audience(f"audience {number}", list_id) for number, list_id in enumerate(lists)]
    lonely = pinterest.add_list("lonely")
    found, adopted = (update.target for update in lookup.find([target("audience 6"), target("lonely")]))
    assert found.audience_id == audiences[6]
    assert adopted.list_id == lonely


def test_an_audience_that_the_list_does_not_show_in_full_is_asked_for(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    list_id = pinterest.add_list("VIP")
    audience_id = pinterest.add_audience("VIP", list_id)
    full = pinterest.audiences[audience_id]
    pinterest.audiences[audience_id] = {**full, "rule": None}

    def show_in_full(asked: Asked) -> None:
        if asked.path.endswith(f"/audiences/{audience_id}"):
            pinterest.audiences[audience_id] = full

    pinterest.before = show_in_full
    found = find(lookup, target()).target
    assert found.list_id == list_id


def test_an_audience_that_names_no_list_is_a_conflict(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    pinterest.add_audience("VIP", None)
    with raises(Code.CUSTOMER_LIST_UNKNOWN, match="does not say which customer list"):
        lookup.find([target()])


def test_nothing_of_the_name_leaves_everything_open(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("vip")
    pinterest.add_audience("VIPs", list_id)
    update = find(lookup, target())
    wanted = update.target
    assert (wanted.list_id, wanted.audience_id, update.notes) == (None, None, ())


def test_of_several_audiences_the_newest_is_used_and_it_is_said(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    old, new = pinterest.add_list("a"), pinterest.add_list("b")
    newest = pinterest.add_audience("VIP", new)
    pinterest.audiences["99"] = {**pinterest.audiences[newest], "id": "99", "rule": {"customer_list_id": old}}
    update = find(lookup, target())
    found = update.target
    assert (found.audience_id, found.list_id) == (newest, new)
    assert update.notes == (f"2 audiences are named so; the newest made from a customer list is used ({newest}).",)


def test_an_audience_of_another_type_takes_the_name(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    pinterest.add_audience("VIP", None, kind="VISITOR")
    with raises(Code.AUDIENCE_OF_OTHER_TYPE, match='an audience "VIP" of the type VISITOR'):
        lookup.find([target()])


def test_beside_an_audience_of_another_type_one_of_ours_is_used(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    list_id = pinterest.add_list("VIP")
    ours = pinterest.add_audience("VIP", list_id)
    pinterest.add_audience("VIP", None, kind="ACTALIKE")
    update = find(lookup, target())
    found = update.target
    assert found.audience_id == ours
    assert "2 audiences" in update.notes[0]


def test_an_audience_whose_list_is_gone_says_what_to_do(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    pinterest.add_audience("VIP", "12345")
    with raises(Code.CUSTOMER_LIST_GONE, match=r"customer list 12345, which is gone\. Remove or rename") as caught:
        lookup.find([target()])
    assert caught.value.answer is not None
    assert caught.value.answer.status == 404


def test_a_list_without_an_audience_is_adopted(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP")
    update = find(lookup, target())
    found = update.target
    assert (found.list_id, found.audience_id) == (list_id, None)
    assert update.notes == (f"A customer list without an audience was found and is used ({list_id}, 0 records).",)


def test_of_several_lists_the_newest_is_adopted(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    pinterest.lists["99"] = {"id": "99", "name": "VIP"}
    newest = pinterest.add_list("VIP")
    pinterest.lists["100"] = {"id": "100", "name": "VIP"}
    update = find(lookup, target())
    found = update.target
    assert found.list_id == newest
    assert update.notes == (f"3 customer lists are named so; the newest is used ({newest}, 0 records).",)


def test_a_list_that_an_audience_of_another_name_uses_is_left_alone(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    """Somebody has renamed the audience in Ads Manager: its people must not come and go with another table."""
    pinterest.add_audience("VIP of last year", pinterest.add_list("VIP"))
    update = find(lookup, target())
    found = update.target
    assert (found.list_id, update.notes) == (None, ())


def test_what_may_pass_is_raised_when_it_does_not(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    pinterest.refuse("GET", "audiences", 500, times=9999)
    with raises(Code.PINTEREST_FAULT):
        lookup.find([target()])


# --- audiences that were chosen by their id ---------------------------------------------------------------------------


def test_a_chosen_audience_is_used_with_its_list_and_under_the_name_that_it_has_now(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    list_id = pinterest.add_list("VIP")
    audience_id = pinterest.add_audience("VIP 2027", list_id)
    pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    update = find(lookup, target("VIP", chosen_id=audience_id))
    found = update.target
    assert (found.name, found.audience_id, found.list_id, update.notes) == ("VIP 2027", audience_id, list_id, ())


def test_a_chosen_audience_and_another_of_its_name_are_two(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    chosen_id = pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    newest_id = pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    targets = [target("VIP", chosen_id=chosen_id), target("VIP")]
    chosen, named = (update.target for update in lookup.find(targets))
    assert (chosen.audience_id, named.audience_id) == (chosen_id, newest_id)


def test_an_audience_that_is_reached_by_its_id_and_by_its_name_is_a_conflict(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    audience_id = pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    for targets in ([target("VIP", chosen_id=audience_id), target("VIP")], [target(), target(chosen_id=audience_id)]):
        with raises(Code.CUSTOMER_LIST_SHARED, match="Choose one destination object for both streams"):
            lookup.find(targets)


def test_a_chosen_audience_that_is_gone_is_not_made_anew(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    pinterest.add_list("VIP")
    with raises(
        Code.CHOSEN_AUDIENCE_GONE, match=r'"VIP" \(7\), which the connection writes to, is not in the ad account'
    ):
        lookup.find([target("VIP", chosen_id="7")])


def test_a_chosen_audience_whose_list_is_gone_asks_for_another_choice(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    audience_id = pinterest.add_audience("VIP", "77")
    with raises(Code.CUSTOMER_LIST_GONE, match=r"customer list 77, which is gone\. Choose another destination object"):
        lookup.find([target("VIP", chosen_id=audience_id)])


def test_a_chosen_audience_for_new_customer_acquisition_is_a_conflict(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    audience_id = pinterest.add_audience("VIP", pinterest.add_list("VIP"), is_nca=True)
    with raises(Code.CHOSEN_AUDIENCE_IS_NCA, match="new customer acquisition"):
        lookup.find([target("VIP", chosen_id=audience_id)])


def test_a_chosen_audience_that_takes_no_people_is_a_conflict(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    audience_id = pinterest.add_audience("Visitors", None, "VISITOR")
    with raises(Code.CHOSEN_AUDIENCE_OF_OTHER_TYPE, match="type VISITOR"):
        lookup.find([target("Visitors", chosen_id=audience_id)])


# --- audiences that are to be replaced --------------------------------------------------------------------------------


def replacing(shadow: ShadowList, name: str = "VIP") -> AudienceTarget:
    return target(name, shadow=shadow)


SHADOW = ShadowList("generation 7, job 12", "job")


def test_a_generation_begins_beside_the_live_list(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    live = pinterest.add_list("VIP", "a")
    audience_id = pinterest.add_audience("VIP", live)
    update = find(lookup, replacing(SHADOW))
    found = update.target
    assert (found.audience_id, found.list_id, update.notes) == (audience_id, None, ())
    assert found.live is not None
    assert found.live.id == live


def test_a_second_attempt_goes_on_with_the_list_of_its_generation(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    pinterest.add_list("VIP [generation 6, job 12]")
    pinterest.add_list("VIP [generation 7, job 11]")
    begun = pinterest.add_list("VIP [generation 7, job 12]")
    found = find(lookup, replacing(SHADOW)).target
    assert found.list_id == begun


@pytest.mark.parametrize("is_live", [True, False])
def test_a_list_that_pinterest_creates_late_takes_nobodys_place(
    lookup: AudienceLookup, pinterest: FakePinterest, is_live: bool
) -> None:
    """A killed attempt had asked for it; the attempt after that had to ask again."""
    begun = pinterest.add_list("VIP [generation 7, job 12]")
    pinterest.add_audience("VIP", begun if is_live else pinterest.add_list("VIP"))
    pinterest.add_list("VIP [generation 7, job 12]")
    found = find(lookup, replacing(SHADOW)).target
    assert found.list_id == begun


def test_an_attempt_after_the_switch_goes_on_with_the_live_list(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    live = pinterest.add_list("VIP [generation 7, job 12]")
    pinterest.add_audience("VIP", live)
    found = find(lookup, replacing(SHADOW)).target
    assert found.list_id == live
    assert found.live is not None
    assert found.live.id == live


@pytest.mark.parametrize("is_live", [True, False])
def test_an_old_list_is_of_an_earlier_life_of_the_platform(
    lookup: AudienceLookup, pinterest: FakePinterest, clock: Clock, is_live: bool
) -> None:
    old = pinterest.add_list("VIP [generation 7, job 12]", created_time=clock.now() - SHADOW_LIST_MAX_AGE_S - 1)
    pinterest.add_audience("VIP", old if is_live else pinterest.add_list("VIP"))
    found = find(lookup, replacing(SHADOW)).target
    assert found.list_id is None
    assert found.left_over_list_ids == (() if is_live else (old,))


def test_a_list_that_an_audience_of_another_name_uses_is_not_the_generations(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    pinterest.add_audience("Renamed by hand", pinterest.add_list("VIP [generation 7, job 12]"))
    found = find(lookup, replacing(SHADOW)).target
    assert found.list_id is None


def test_what_earlier_replacements_left_over_is_found(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    left = [pinterest.add_list(name) for name in ("VIP [generation 6, job 11]", "VIP [started 2026-11-22 UTC, 00ff]")]
    pinterest.add_list("VIP [my own]")
    pinterest.add_list("VIPs [generation 6, job 11]")
    pinterest.add_list("VIP")
    pinterest.add_audience("VIP", pinterest.add_list("VIP [generation 5, job 10]"))
    pinterest.add_list("VIP [generation 7, job 12]")
    found = find(lookup, replacing(SHADOW)).target
    assert found.left_over_list_ids == tuple(left)


def test_a_chosen_audience_that_was_renamed_goes_on_with_its_list(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    shadow = ShadowList("audience 77, generation 7, job 12", "job")
    audience_id = pinterest.add_audience("New name", pinterest.add_list("Old name"))
    begun = pinterest.add_list(shadow.list_name("Old name"))
    found = find(lookup, target("Old name", chosen_id=audience_id, shadow=shadow)).target
    assert (found.name, found.list_id) == ("New name", begun)


def test_a_list_that_was_replaced_is_not_adopted_again(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    """The audience was replaced and then renamed by hand: the people of the old list had left."""
    pinterest.add_list("VIP", "a")
    pinterest.add_audience("Renamed by hand", pinterest.add_list("VIP [generation 7, job 12]"))
    update = find(lookup, target())
    found = update.target
    assert (found.list_id, update.notes) == (None, ())


@pytest.mark.parametrize("names", [("VIP", "VIP [generation 7, job 12]"), ("VIP [generation 7, job 12]", "VIP")])
def test_for_an_audience_that_does_not_exist_the_list_that_was_made_last_is_taken(
    lookup: AudienceLookup, pinterest: FakePinterest, names: tuple[str, str]
) -> None:
    _, newest = (pinterest.add_list(name) for name in names)
    found = find(lookup, target()).target
    assert found.list_id == newest


def test_where_an_audience_that_does_not_exist_is_replaced_the_list_that_it_would_be_made_of_is_known(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    pinterest.add_list("VIP")
    would_be = pinterest.add_list("VIP [generation 6, job 11]", "a", "b")
    begun = pinterest.add_list("VIP [generation 7, job 12]")
    update = find(lookup, replacing(SHADOW))
    assert update.target.list_id == begun
    assert update.target.resumed is not None
    assert update.target.resumed.id == begun
    assert update.target.live is None
    assert update.target.adoptable is not None
    assert (update.target.adoptable.id, update.target.adoptable.num_uploaded_user_records) == (would_be, 2)
    (note,) = update.notes
    assert f"goes on with the customer list {begun}" in note


@pytest.mark.parametrize("has_audience", [True, False])
def test_where_an_audience_is_replaced_no_list_would_be_adopted_that_is_an_audiences(
    lookup: AudienceLookup, pinterest: FakePinterest, has_audience: bool
) -> None:
    pinterest.add_list("VIP", "a")
    in_use = pinterest.add_list("VIP [generation 6, job 11]", "b")
    pinterest.add_audience("VIP" if has_audience else "Renamed by hand", in_use)
    assert find(lookup, replacing(SHADOW)).target.adoptable is None


def test_a_list_that_was_there_before_is_not_taken_for_one_that_was_just_created(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    old = "VIP [generation 7, job 12]"
    pinterest.add_list(old, created_time=1)
    find(lookup, replacing(SHADOW))
    assert lookup.newest_list(old) is None
    created = pinterest.add_list(old)
    just_made = lookup.newest_list(old)
    assert just_made is not None
    assert just_made.id == created


def test_a_list_whose_audience_hides_what_it_is_made_of_is_not_left_over(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    live = pinterest.add_list("VIP [generation 6, job 11]")
    audience_id = pinterest.add_audience("VIP", live)
    full = pinterest.audiences[audience_id]
    pinterest.audiences[audience_id] = {**full, "rule": None}

    def show_in_full(asked: Asked) -> None:
        if asked.path.endswith(f"/audiences/{audience_id}"):
            pinterest.audiences[audience_id] = full

    pinterest.before = show_in_full
    found = find(lookup, replacing(SHADOW)).target
    assert found.left_over_list_ids == ()


def test_a_list_of_one_attempt_is_never_taken_up_by_another(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    shadow = ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")
    left = pinterest.add_list(shadow.list_name("VIP"))
    found = find(lookup, replacing(shadow)).target
    assert (found.list_id, found.left_over_list_ids) == (None, (left,))


@pytest.mark.parametrize("is_old", [False, True])
def test_what_an_earlier_attempt_of_the_job_put_in_place_is_kept_while_it_is_young(
    lookup: AudienceLookup, pinterest: FakePinterest, clock: Clock, is_old: bool
) -> None:
    """A platform that is installed anew counts its jobs from 1 again."""
    name = "VIP [generation 7, job 12, started 2026-11-22 16:00:00 UTC, 00ff]"
    live = pinterest.add_list(name, created_time=clock.now() - SHADOW_LIST_MAX_AGE_S * is_old - 1)
    pinterest.add_audience("VIP", live)
    shadow = ShadowList("generation 7, job 12, started 2026-11-22 17:00:00 UTC, 0aff", "attempt", 12)
    found = find(lookup, replacing(shadow)).target
    assert found.list_id == (None if is_old else live)


@pytest.mark.parametrize(
    "shadow",
    [
        ShadowList("generation 7, job 12", "job"),
        ShadowList("generation 7, job 12, started 2026-11-22 17:00:00 UTC, 0aff", "attempt", 12),
    ],
)
def test_an_audience_is_begun_with_the_newest_left_over_list_that_no_later_attempt_takes_for_finished(
    lookup: AudienceLookup, pinterest: FakePinterest, shadow: ShadowList
) -> None:
    pinterest.add_list("VIP [generation 5, job 10]")
    earlier_job = pinterest.add_list("VIP [generation 6, job 11]")
    pinterest.add_list("VIP [generation 7, job 12]")
    created_late = pinterest.add_list("VIP [generation 7, job 12]")
    found = find(lookup, replacing(shadow)).target
    assert created_late in found.left_over_list_ids
    assert found.fallback_list_id == earlier_job


def test_an_audience_to_remove_people_from_is_not_created_and_the_three_nearest_names_are_told(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    with raises(Code.AUDIENCE_TO_REMOVE_FROM_MISSING, match="the ad account has no audience made from a customer list"):
        find(lookup, target("vip", only_removes=True))
    for name in ("Newsletter", "VIP 2026", "VIP", "Leads"):
        pinterest.add_audience(name, pinterest.add_list(f"list of {name}"))
    with raises(Code.AUDIENCE_TO_REMOVE_FROM_MISSING, match='nearest that exist are "VIP", "VIP 2026", "'):
        find(lookup, target("vip", only_removes=True))
    assert find(lookup, target("VIP", only_removes=True)).target.audience_id is not None
    assert find(lookup, target("vip")).target.audience_id is None


@pytest.fixture
def terse_listing(pinterest: FakePinterest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing that leaves out what its description does not require."""
    page = pinterest._page

    def terse(things: Mapping[str, Any], query: Mapping[str, list[str]]) -> Reply:
        few = {key: {name: one[name] for name in ("id", "name")} for key, one in things.items()}
        return page(few, query)

    monkeypatch.setattr(pinterest, "_page", terse)


@pytest.mark.usefixtures("terse_listing")
@pytest.mark.parametrize("is_chosen", [False, True])
def test_an_audience_whose_listing_leaves_out_its_type_and_its_list_is_used(
    lookup: AudienceLookup, pinterest: FakePinterest, *, is_chosen: bool
) -> None:
    list_id = pinterest.add_list("VIP")
    audience_id = pinterest.add_audience("VIP", list_id)
    found = find(lookup, target(chosen_id=audience_id if is_chosen else None)).target
    assert (found.audience_id, found.list_id) == (audience_id, list_id)
    assert [one.id for one in lookup.audiences_of("VIP", list_id)] == [audience_id]


@pytest.mark.usefixtures("terse_listing")
def test_an_audience_of_another_type_is_none_even_if_the_listing_does_not_say_so(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    pinterest.add_audience("VIP", None, kind="VISITOR")
    with raises(Code.AUDIENCE_OF_OTHER_TYPE, match="VISITOR"):
        find(lookup, target())


# --- several installations --------------------------------------------------------------------------------------------


def installed(make_client: Callable[[], PinterestClient], clock: Clock, name: str | None) -> AudienceLookup:
    return AudienceLookup(make_client(), now=clock.now, installation=name)


LABELS = {
    "planted": "VIP [dp2 planted: generation 7, job 12]",
    "ours": "VIP [dp2 shop: generation 7, job 12]",
    "nobody's": "VIP [dp2: generation 7, job 12]",
    "released": "VIP [generation 7, job 12]",
}


@pytest.mark.parametrize(
    ("installation", "taken_up"),
    [("shop", {"ours", "released"}), (None, {"nobody's", "released"}), ("other", {"released"})],
)
@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("has_audience", [True, False])
def test_only_a_list_of_this_installation_is_gone_on_with(
    make_client: Callable[[], PinterestClient],
    clock: Clock,
    pinterest: FakePinterest,
    installation: str | None,
    taken_up: set[str],
    label: str,
    has_audience: bool,
) -> None:
    if has_audience:
        pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    begun = pinterest.add_list(LABELS[label], "x", created_time=clock.now() - 60)
    shadow = ShadowList("generation 7, job 12", "job", installation=installation)
    found = find(installed(make_client, clock, installation), replacing(shadow)).target
    assert found.list_id == (begun if label in taken_up else None)
    if not has_audience:
        adopted = find(installed(make_client, clock, installation), target()).target.list_id
        assert adopted == (begun if label in taken_up else None)


def test_a_list_of_another_installation_is_named_where_it_might_be_missed(
    make_client: Callable[[], PinterestClient], clock: Clock, pinterest: FakePinterest
) -> None:
    foreign = pinterest.add_list(LABELS["planted"], "x")
    (note,) = find(installed(make_client, clock, "shop"), target()).notes
    assert f'"{LABELS["planted"]}" ({foreign})' in note
    pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    assert find(installed(make_client, clock, "shop"), replacing(SHADOW)).notes == ()


def test_a_list_that_carries_no_installation_is_gone_on_with_not_without_a_word(
    make_client: Callable[[], PinterestClient], clock: Clock, pinterest: FakePinterest
) -> None:
    pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    begun = pinterest.add_list(LABELS["nobody's"])
    (note,) = find(installed(make_client, clock, None), replacing(SHADOW)).notes
    assert f"goes on with the customer list {begun}" in note
    assert "installation_name" in note


@pytest.mark.parametrize(("age_s", "is_taken_up"), [(SHADOW_LIST_MAX_AGE_S, True), (SHADOW_LIST_MAX_AGE_S + 1, False)])
def test_an_installation_with_a_name_takes_up_what_version_0_1_0_left_for_fourteen_days(
    make_client: Callable[[], PinterestClient], clock: Clock, pinterest: FakePinterest, age_s: float, is_taken_up: bool
) -> None:
    left = pinterest.add_list(LABELS["released"], "x", created_time=clock.now() - age_s)
    assert find(installed(make_client, clock, "shop"), target()).target.list_id == (left if is_taken_up else None)
    assert find(installed(make_client, clock, None), target()).target.list_id == left


def test_of_two_audiences_of_one_list_the_older_is_used(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP")
    older, _ = (pinterest.add_audience("VIP", list_id) for _ in range(2))
    update = find(lookup, target())
    assert update.target.audience_id == older
    assert "the oldest made from the newest customer list is used" in update.notes[0]


@pytest.mark.parametrize(
    "name",
    [
        "VIP [dp2: generation 3, job 41]",
        "VIP  [dp2: generation 3, job 41] ",
        "VIP [dp2 shop-eu: started 2026-11-22 10:00:00 UTC, 00ff]",
        "VIP [generation 3, job 41]",
        "VIP [dp2: audience made]",
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_no_audience_is_made_under_the_name_of_a_left_over_list(
    name: str, is_there: bool, lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    if is_there:
        pinterest.add_list(" ".join(name.split()))
    with raises(Code.AUDIENCE_NAMED_LIKE_LABEL, match='the audience "VIP" is replaced'):
        find(lookup, target(name))


def test_an_audience_that_has_such_a_name_already_is_used(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    name = "VIP [dp2: generation 3, job 41]"
    audience_id = pinterest.add_audience(name, pinterest.add_list(name))
    assert find(lookup, target(name)).target.audience_id == audience_id
