from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import Asked, FakePinterest


@pytest.fixture
def creator(
    make_client: Callable[[], PinterestClient], make_creator: Callable[[PinterestClient], AudienceCreator]
) -> AudienceCreator:
    return make_creator(make_client())


def create(creator: AudienceCreator, list_id: str) -> TargetUpdate:
    return creator.ensure_audience(AudienceTarget("VIP", frozenset({Identifier.EMAIL}), list_id=list_id))


def another_creates(pinterest: FakePinterest, list_id: str, **more: Any) -> list[str]:
    """Another sync creates an audience of the list just before this one does; its id comes into the list."""
    created: list[str] = []

    def before(asked: Asked) -> None:
        if asked.method == "POST" and not created:
            created.append(pinterest.add_audience("VIP", list_id, description="the other's", **more))

    pinterest.before = before
    return created


def test_alone_the_audience_that_was_created_stays_after_one_more_look(
    creator: AudienceCreator, pinterest: FakePinterest, clock: Clock
) -> None:
    update = create(creator, pinterest.add_list("VIP"))
    assert (list(pinterest.audiences), update.notes) == ([update.target.audience_id], ())
    assert [asked.method for asked in pinterest.asked] == ["POST", "GET"]
    assert clock.slept == []


def test_of_two_audiences_of_one_list_the_older_is_used_and_the_one_just_made_is_removed(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    list_id = pinterest.add_list("VIP")
    older = another_creates(pinterest, list_id)
    update = create(creator, list_id)
    assert list(pinterest.audiences) == [update.target.audience_id] == older
    assert update.target.description == "the other's"
    (note,) = update.notes
    assert f"created the audience {older[0]} of the same list at the same time" in note
    assert "was removed" in note


def test_the_sync_whose_audience_is_the_older_one_removes_nothing(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    list_id = pinterest.add_list("VIP")
    younger: list[str] = []

    def before(asked: Asked) -> None:
        if asked.method == "GET" and not younger:
            younger.append(pinterest.add_audience("VIP", list_id))

    pinterest.before = before
    update = create(creator, list_id)
    assert list(pinterest.audiences) == [update.target.audience_id, *younger]
    assert update.notes == ()


def test_creation_times_decide_before_ids(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP")
    another_creates(pinterest, list_id, created_timestamp=200)
    add, made = pinterest.add_audience, []

    def timed(name: str, made_of: str | None, kind: str = "CUSTOMER_LIST", **more: Any) -> str:
        made.append(add(name, made_of, kind, **{"created_timestamp": 100, **more}))
        return made[-1]

    pinterest.add_audience = timed  # type: ignore[method-assign]
    assert create(creator, list_id).target.audience_id == made[-1]
    assert len(pinterest.audiences) == 2


def test_audiences_of_other_lists_or_names_are_no_twins(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP")
    others = [pinterest.add_audience("VIP", pinterest.add_list("VIP")), pinterest.add_audience("Buyers", list_id)]
    update = create(creator, list_id)
    assert list(pinterest.audiences) == [*others, update.target.audience_id]


def test_a_listing_that_is_late_is_read_again_with_growing_pauses(
    creator: AudienceCreator, pinterest: FakePinterest, clock: Clock
) -> None:
    list_id = pinterest.add_list("VIP")
    (older,) = another_creates(pinterest, list_id) or [None]
    shown: dict[str, Any] = {}
    looks = []

    def listing() -> dict[str, Any]:
        looks.append(len(looks))
        return pinterest.audiences if len(looks) > 3 else shown

    pinterest._listed_audiences = listing  # type: ignore[method-assign]
    update = create(creator, list_id)
    assert len(pinterest.audiences) == 1
    assert update.target.audience_id in pinterest.audiences
    assert clock.slept == [1.0, 2.0, 4.0]
    assert older is None


def test_an_older_audience_that_is_only_still_listed_is_not_gone_on_with(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    list_id = pinterest.add_list("VIP")
    deleted = pinterest.add_audience("VIP", list_id)
    listed = dict(pinterest.audiences)
    del pinterest.audiences[deleted]
    pinterest._listed_audiences = lambda: listed | pinterest.audiences  # type: ignore[method-assign]
    update = create(creator, list_id)
    assert (list(pinterest.audiences), update.notes) == ([update.target.audience_id], ())


def test_a_second_audience_that_can_not_be_removed_is_told(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP")
    older = another_creates(pinterest, list_id)
    pinterest.refuse("PATCH", "audiences/", 403)
    update = create(creator, list_id)
    assert [update.target.audience_id] == older
    assert "could not be removed" in update.notes[0]


def test_a_look_that_fails_leaves_the_audience_as_it_is(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP")
    pinterest.refuse("GET", "audiences", 403)
    update = create(creator, list_id)
    assert list(pinterest.audiences) == [update.target.audience_id]
    assert "could not be read" in update.notes[0]


def test_an_audience_that_another_sync_made_meanwhile_of_a_list_of_its_own_is_told(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    """Both have people whom the other has not, so neither can be removed."""
    rival = another_creates(pinterest, pinterest.add_list("VIP"))
    update = create(creator, pinterest.add_list("VIP"))
    assert list(pinterest.audiences) == [*rival, update.target.audience_id]
    (note,) = update.notes
    assert f"of a list of its own ({rival[0]})" in note


def test_audiences_that_are_created_together_are_compared_in_one_listing(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    list_ids = [pinterest.add_list(name) for name in ("a", "VIP", "b")]
    older = another_creates(pinterest, list_ids[1])
    many, postponed = creator.for_many()
    made = [
        many.ensure_audience(AudienceTarget(name, frozenset({Identifier.EMAIL}), list_id=list_id))
        for name, list_id in zip(("a", "VIP", "b"), list_ids, strict=True)
    ]
    reads = [asked for asked in pinterest.asked if asked.method == "GET"]
    changed = postponed.settle_all()
    (changed_id, update) = changed[0]
    assert (reads, len(changed), changed_id) == ([], 1, made[1].target.audience_id)
    assert update.target.audience_id == older[0]
    assert sorted(one["name"] for one in pinterest.audiences.values()) == ["VIP", "a", "b"]
    assert len([asked for asked in pinterest.asked if asked.method == "GET" and "?" not in asked.path]) <= 2
    assert postponed.settle_all() == []
