from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.shadow_list import ShadowList
from destination_pinterest.audiences.swap import AudienceSwapper
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    PermissionDeniedError,
)
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.raises import raises

SHARED = ShadowList("generation 7, job 12", "job")
ALONE = ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")


class Stage:
    """An audience with a live list, and the list of a generation beside it."""

    def __init__(self, pinterest: Any, client: Any, clock: Any) -> None:
        self.pinterest = pinterest
        self._client = client
        self._clock = clock
        self._finder = AudienceLookup(client, now=clock.now)

    def set_up(self, old: int | None, new: int | None, generation: ShadowList = SHARED) -> AudienceTarget:
        """So many people in each list; None where there is none."""
        if old is not None:
            live = self.pinterest.add_list("VIP", *(f"old{number}" for number in range(old)))
            self.pinterest.add_audience("VIP", live)
        if new is not None:
            self.pinterest.add_list(generation.list_name("VIP"), *(f"new{number}" for number in range(new)))
        target = AudienceTarget("VIP", frozenset({Identifier.EMAIL}), generation=generation)
        self._finder.find([target])
        return target

    def finish(
        self, target: AudienceTarget, *, is_complete: bool = True, has_rows: bool = True, percent: int = 50,
        allow_empty: bool = False, if_refused: Any = "fail", sent: int = 1_000,
    ) -> None:  # fmt: skip
        provisioner = AudienceCreator(
            self._client, self._finder, delay_s=lambda *_: 1.0, sleep=self._clock.sleep, clock=self._clock.clock
        )
        replacer = AudienceSwapper(
            self._client, provisioner, max_removal_percent=percent, allow_empty=allow_empty, if_refused=if_refused
        )
        replacer.finish(target, is_complete=is_complete, has_rows=has_rows, sent=sent)

    @property
    def people(self) -> set[str]:
        """Who is in the one audience of the name."""
        (audience,) = [each for each in self.pinterest.audiences.values() if each["name"] == "VIP"]
        found: set[str] = self.pinterest.members[audience["rule"]["customer_list_id"]]
        return found


@pytest.fixture
def stage(pinterest: Any, make_client: Callable[..., Any], clock: Any) -> Stage:
    return Stage(pinterest, make_client(), clock)


def test_a_whole_table_takes_the_lists_place_and_the_audience_keeps_its_id(stage: Stage) -> None:
    target = stage.set_up(3, 2)
    audience_id, live = target.audience_id, target.before
    stage.finish(target)
    assert stage.people == {"new0", "new1"}
    assert (target.audience_id, target.notes) == (audience_id, [])
    assert live is not None
    assert target.replaced_list_id == live.id
    (change,) = stage.pinterest.asked_for("PATCH", "audiences/")
    assert change.body == {"operation_type": "UPDATE", "rule": {"customer_list_id": target.list_id}}


@pytest.mark.parametrize("has_rows", [True, False])
def test_without_proof_the_audience_stays_and_a_later_attempt_goes_on(stage: Stage, has_rows: bool) -> None:
    target = stage.set_up(3, 2)
    stage.finish(target, is_complete=False, has_rows=has_rows)
    assert stage.people == {"old0", "old1", "old2"}
    assert len(target.notes) == has_rows
    assert all("without proof" in note and "goes on" in note for note in target.notes)


def test_without_proof_and_generation_the_attempt_fails(stage: Stage) -> None:
    target = stage.set_up(3, 2, ALONE)
    with raises(Code.TABLE_INCOMPLETE, match='"VIP" keeps its members: the input ended without proof'):
        stage.finish(target, is_complete=False)
    assert stage.people == {"old0", "old1", "old2"}


def test_without_proof_and_without_a_row_nothing_is_missing(stage: Stage) -> None:
    target = stage.set_up(3, None, ALONE)
    stage.finish(target, is_complete=False, has_rows=False)
    assert (stage.people, target.notes) == ({"old0", "old1", "old2"}, [])


def test_what_an_earlier_attempt_has_replaced_is_not_replaced_again(stage: Stage) -> None:
    first = stage.set_up(3, 2)
    stage.finish(first)
    again = AudienceTarget("VIP", first.identifiers, generation=SHARED)
    AudienceLookup(stage._client, now=stage._clock.now).find([again])
    stage.finish(again, is_complete=False)
    assert (again.list_id, again.notes, again.replaced_list_id) == (first.list_id, [], None)
    assert len(stage.pinterest.asked_for("PATCH", "audiences/")) == 1


def test_an_empty_table_does_not_empty_the_audience(stage: Stage) -> None:
    target = stage.set_up(3, None)
    stage.finish(target, has_rows=False)
    assert stage.people == {"old0", "old1", "old2"}
    assert len(stage.pinterest.lists) == 1
    (note,) = target.notes
    assert "keeps the people it had" in note
    assert "Allow an empty audience" in note


def test_an_empty_table_empties_the_audience_where_that_is_allowed(stage: Stage) -> None:
    target = stage.set_up(300, None)
    stage.finish(target, has_rows=False, allow_empty=True)
    assert len(stage.people) == 1
    assert not any(name.startswith("old") for name in stage.people)
    assert target.notes == []


def test_an_empty_table_that_an_earlier_attempt_began_with_is_no_case_for_the_guard(stage: Stage) -> None:
    target = stage.set_up(300, 1)
    with raises(Code.REMOVAL_ABOVE_LIMIT):
        stage.finish(target, has_rows=True, allow_empty=True)
    with raises(Code.REMOVAL_ABOVE_LIMIT):
        stage.finish(target, has_rows=False)
    stage.finish(target, has_rows=False, allow_empty=True)
    assert stage.people == {"new0"}


def test_an_empty_table_without_an_audience_makes_none(stage: Stage) -> None:
    target = stage.set_up(None, None)
    stage.finish(target, has_rows=False, allow_empty=True)
    assert (stage.pinterest.lists, stage.pinterest.audiences, target.notes) == ({}, {}, [])


def test_the_first_table_becomes_an_audience(stage: Stage) -> None:
    target = stage.set_up(None, 2)
    stage.finish(target)
    assert stage.people == {"new0", "new1"}
    assert target.replaced_list_id is None


@pytest.mark.parametrize(
    ("old", "new", "percent", "is_refused"),
    [
        (100, 50, 50, False), (100, 49, 50, True), (100, 100, 0, False), (100, 99, 0, True), (100, 1, 99, False),
        (100, 1, 98, True), (100, 1, 100, False), (0, 1, 0, False), (100, 500, 0, False), (3, 1, 66, True),
    ],
)  # fmt: skip
def test_no_more_people_leave_at_once_than_is_permitted(
    stage: Stage, old: int, new: int, percent: int, is_refused: bool
) -> None:
    target = stage.set_up(old, new)
    if not is_refused:
        stage.finish(target, percent=percent)
        assert len(stage.people) == new
        return
    with raises(Code.REMOVAL_ABOVE_LIMIT) as raised:
        stage.finish(target, percent=percent)
    text = str(raised.value)
    assert f"has {new} identifiers and the one in use {old} " in text
    assert "Largest removal (max_removal_percent)" in text
    assert f"permits {percent} %" in text
    assert len(stage.people) == old


@pytest.mark.parametrize("which", [0, 1])
def test_sizes_that_pinterest_does_not_tell_are_not_taken_for_permission(stage: Stage, which: int) -> None:
    target = stage.set_up(3, 2)
    list_id = list(stage.pinterest.lists)[which]
    stage.pinterest.lists[list_id]["num_uploaded_user_records"] = None
    target.before = stage._client.customer_list(next(iter(stage.pinterest.lists)))
    with raises(Code.REMOVAL_NOT_COUNTABLE, match=r"does not tell .*max_removal_percent\) to 100"):
        stage.finish(target)
    stage.finish(target, percent=100)
    assert stage.people == {"new0", "new1"}


def test_requests_that_pinterest_counted_twice_do_not_fool_the_guard(stage: Stage) -> None:
    target = stage.set_up(100, None, ALONE)
    target.list_id = stage.pinterest.add_list(ALONE.list_name("VIP"), *(f"new{number}" for number in range(60)))
    with raises(Code.REMOVAL_ABOVE_LIMIT, match="has 30 identifiers and the one in use 100"):
        stage.finish(target, sent=30)
    stage.finish(target, sent=60)
    assert len(stage.people) == 60


def test_people_who_were_taken_out_do_not_count(stage: Stage) -> None:
    target = stage.set_up(100, 40)
    stage.pinterest.lists[next(iter(stage.pinterest.lists))]["num_removed_user_records"] = 60
    target.before = stage._client.customer_list(next(iter(stage.pinterest.lists)))
    stage.finish(target, percent=0)
    assert len(stage.people) == 40


@pytest.mark.parametrize("way", ["refuse", "ignore"])
def test_a_refused_rule_change_fails_and_says_what_can_be_done(stage: Stage, way: str) -> None:
    stage.pinterest.rule_changes = way
    target = stage.set_up(3, 2)
    with raises(Code.SWAP_REFUSED) as raised:
        stage.finish(target)
    assert "refused_rule_change) to new_audience" in str(raised.value)
    assert ("cannot be changed" in str(raised.value)) is (way == "refuse")
    assert stage.people == {"old0", "old1", "old2"}


@pytest.mark.parametrize("way", ["refuse", "ignore"])
def test_a_refused_rule_change_makes_a_second_audience_if_the_settings_say_so(stage: Stage, way: str) -> None:
    stage.pinterest.rule_changes = way
    target = stage.set_up(3, 2)
    before = target.audience_id
    stage.finish(target, if_refused="new_audience")
    assert target.audience_id != before
    audiences = stage.pinterest.audiences
    assert [audiences[each]["rule"]["customer_list_id"] for each in (before, target.audience_id)] == list(
        stage.pinterest.lists
    )
    (note,) = target.notes
    assert f"holds the table now: {target.audience_id}" in note
    assert f"the audience {before} is not changed any more" in note


def test_a_second_audience_that_is_too_early_leaves_the_first_in_use(stage: Stage) -> None:
    stage.pinterest.rule_changes = "refuse"
    target = stage.set_up(3, 2)
    before = target.audience_id
    stage.pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    with raises(Code.SECOND_AUDIENCE_NOT_READY, match="nor creates a second audience of that list yet"):
        stage.finish(target, if_refused="new_audience")
    assert target.audience_id == before
    assert target.replaced_list_id is None
    assert stage.people == {"old0", "old1", "old2"}


@pytest.mark.parametrize(
    ("generation", "is_raised"), [(ALONE, False), (SHARED, False), (replace(ALONE, goes_on_in_job=12), True)]
)
def test_a_first_audience_that_is_too_early_fails_the_sync_only_where_a_later_attempt_would_bring_a_part(
    stage: Stage, generation: ShadowList, *, is_raised: bool
) -> None:
    target = stage.set_up(None, 2, generation)
    target.list_id = target.left_over_list_ids[0] if target.list_id is None else target.list_id
    stage.pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    with raises(Code.AUDIENCE_NOT_READY, match="Let the job end") if is_raised else nullcontext():
        stage.finish(target)
    assert stage.pinterest.audiences == {}
    assert "too small" in target.notes[-1]


@pytest.mark.parametrize("if_refused", ["fail", "new_audience"])
def test_a_list_that_is_too_young_is_no_refusal_for_good(stage: Stage, if_refused: str) -> None:
    target = stage.set_up(3, 2)
    stage.pinterest.refuse("PATCH", "audiences/", 400, "customer list is PROCESSING; it needs at least 100 members")
    with raises(Code.SWAP_NOT_READY, match="yet, since matching takes 24 to 48 hours"):
        stage.finish(target, if_refused=if_refused)
    assert stage.people == {"old0", "old1", "old2"}


def test_other_errors_of_the_switch_are_raised_as_they_are(stage: Stage) -> None:
    target = stage.set_up(3, 2)
    stage.pinterest.refuse("PATCH", "audiences/", 403, "You are not permitted", code=29)
    with pytest.raises(PermissionDeniedError):
        stage.finish(target, if_refused="new_audience")
    assert stage.people == {"old0", "old1", "old2"}


def test_a_switch_whose_answer_is_lost_is_made_again(stage: Stage) -> None:
    target = stage.set_up(3, 2)
    stage.pinterest.lose("PATCH", "audiences/", acted=True)
    stage.finish(target)
    assert stage.people == {"new0", "new1"}
