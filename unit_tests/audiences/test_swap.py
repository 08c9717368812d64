from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from typing import Literal

import pytest
from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.drift import IdentityFill
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.remembered import Intake
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.shadow_list import ShadowList
from destination_pinterest.audiences.swap import AudienceSwapper
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises

IfRefused = Literal["fail", "new_audience"]

SHARED = ShadowList("generation 7, job 12", "job", installation="shop")
ALONE = ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")
LEFT_OVER = "VIP [generation 6, job 11]"


class Stage:
    """An audience with a live list, and the shadow list beside it."""

    target: AudienceTarget
    notes: list[str]

    def __init__(self, pinterest: FakePinterest, client: PinterestClient, clock: Clock) -> None:
        self.pinterest = pinterest
        self._client = client
        self._clock = clock
        self._lookup = AudienceLookup(client, now=clock.now, installation="shop")

    def set_up(self, old: int | None, new: int | None, shadow: ShadowList = SHARED) -> None:
        """So many people in each list; None where there is none."""
        if old is not None:
            live = self.pinterest.add_list("VIP", *(f"old{number}" for number in range(old)))
            self.pinterest.add_audience("VIP", live)
        if new is not None and shadow.spans == "job":
            self.add_shadow_list(new, shadow)
        self.look_up(shadow)
        if new is not None and shadow.spans == "attempt":
            self.target = replace(self.target, list_id=self.add_shadow_list(new, shadow))

    def add_shadow_list(self, people: int, shadow: ShadowList) -> str:
        return self.pinterest.add_list(shadow.list_name("VIP"), *(f"new{number}" for number in range(people)))

    @property
    def _creator(self) -> AudienceCreator:
        return AudienceCreator(self._client, self._lookup, delay_s=lambda *_: 1.0, system=self._clock.system)

    def prepare_after_a_probe(self, if_refused: IfRefused = "fail") -> None:
        """A sync begins, after a probe has found that rules can't be changed."""
        safeguards = Safeguards(50, allow_empty=False)
        swapper = AudienceSwapper(
            self._client, self._creator, safeguards, if_refused=if_refused, refused_on="2026-11-27"
        )
        swapper.require_rule_change(self.target)

    def look_up(self, shadow: ShadowList = SHARED) -> None:
        """A sync begins."""
        target = AudienceTarget("VIP", frozenset({Identifier.EMAIL}), shadow=shadow)
        (update,) = self._lookup.find([target])
        self.target, self.notes = update.target, list(update.notes)

    def finish(
        self, *, is_complete: bool = True, has_rows: bool = True, percent: int = 50, allow_empty: bool = False,
        if_refused: IfRefused = "fail", sent: int = 1_000, identifiers: int | None = None, rows: int = 0,
    ) -> None:  # fmt: skip
        """A sync ends. What was done before it failed, if it does, is kept."""
        safeguards = Safeguards(percent, allow_empty=allow_empty)
        swapper = AudienceSwapper(self._client, self._creator, safeguards, if_refused=if_refused)
        fill = IdentityFill(rows, {Identifier.EMAIL: 1.0})
        intake = Intake(True, fill, sent if identifiers is None else identifiers, 600, date(2026, 11, 22))
        for update in swapper.finish(self.target, is_complete=is_complete, has_rows=has_rows, sent=sent, intake=intake):
            self.target = update.target
            self.notes += update.notes

    def ask_again(self) -> None:
        """Pinterest tells of the live list what it tells now."""
        assert self.target.live is not None
        self.target = replace(self.target, live=self._client.customer_list(self.target.live.id))

    @property
    def people(self) -> set[str]:
        """Who is in the one audience of the name."""
        (audience,) = [each for each in self.pinterest.audiences.values() if each["name"] == "VIP"]
        return self.pinterest.members[audience["rule"]["customer_list_id"]]


@pytest.fixture
def stage(pinterest: FakePinterest, make_client: Callable[[], PinterestClient], clock: Clock) -> Stage:
    return Stage(pinterest, make_client(), clock)


def test_a_whole_table_takes_the_lists_place_and_the_audience_keeps_its_id(stage: Stage) -> None:
    stage.set_up(3, 2)
    audience_id, live = stage.target.audience_id, stage.target.live
    stage.finish()
    assert stage.people == {"new0", "new1"}
    assert (stage.target.audience_id, stage.notes) == (audience_id, [])
    assert live is not None
    assert stage.target.swapped_out_list_id == live.id
    (change,) = stage.pinterest.asked_for("PATCH", "audiences/")
    assert change.body["rule"] == {"customer_list_id": stage.target.list_id}


@pytest.mark.parametrize("has_rows", [True, False])
def test_without_proof_the_audience_stays_and_a_later_attempt_goes_on(stage: Stage, has_rows: bool) -> None:
    stage.set_up(3, 2)
    stage.finish(is_complete=False, has_rows=has_rows)
    assert stage.people == {"old0", "old1", "old2"}
    assert len(stage.notes) == has_rows
    assert all("without proof" in note and "continues filling" in note for note in stage.notes)


def test_without_proof_and_generation_the_attempt_fails(stage: Stage) -> None:
    stage.set_up(3, 2, ALONE)
    with raises(Code.TABLE_INCOMPLETE, match=r'"VIP" keeps its members: .* the input ended without proof'):
        stage.finish(is_complete=False)
    assert stage.people == {"old0", "old1", "old2"}


def test_without_proof_and_without_a_row_nothing_is_missing(stage: Stage) -> None:
    stage.set_up(3, None, ALONE)
    stage.finish(is_complete=False, has_rows=False)
    assert (stage.people, stage.notes) == ({"old0", "old1", "old2"}, [])


def test_what_an_earlier_attempt_has_replaced_is_not_replaced_again(stage: Stage) -> None:
    stage.set_up(3, 2)
    stage.finish()
    swapped_in = stage.target.list_id
    stage.look_up()
    stage.finish(is_complete=False)
    assert (stage.target.list_id, stage.notes, stage.target.swapped_out_list_id) == (swapped_in, [], None)
    assert len(stage.pinterest.asked_for("PATCH", "audiences/")) == 1


def test_an_empty_table_does_not_empty_the_audience(stage: Stage) -> None:
    stage.set_up(3, None)
    stage.finish(has_rows=False)
    assert stage.people == {"old0", "old1", "old2"}
    assert len(stage.pinterest.lists) == 1
    (note,) = stage.notes
    assert "keeps its members" in note
    assert "Allow an empty audience" in note


def test_an_empty_table_empties_the_audience_where_that_is_allowed(stage: Stage) -> None:
    stage.set_up(300, None)
    stage.finish(has_rows=False, allow_empty=True)
    assert len(stage.people) == 1
    assert not any(name.startswith("old") for name in stage.people)
    assert stage.notes == []


def test_an_empty_table_that_an_earlier_attempt_began_with_is_no_case_for_the_guard(stage: Stage) -> None:
    stage.set_up(300, 1)
    with raises(Code.REMOVAL_ABOVE_LIMIT):
        stage.finish(has_rows=True, allow_empty=True)
    with raises(Code.REMOVAL_ABOVE_LIMIT):
        stage.finish(has_rows=False)
    stage.finish(has_rows=False, allow_empty=True)
    assert stage.people == {"new0"}


def test_an_empty_table_without_an_audience_makes_none(stage: Stage) -> None:
    stage.set_up(None, None)
    stage.finish(has_rows=False, allow_empty=True)
    assert (stage.pinterest.lists, stage.pinterest.audiences, stage.notes) == ({}, {}, [])


def test_the_first_table_becomes_an_audience(stage: Stage) -> None:
    stage.set_up(None, 2)
    stage.finish()
    assert stage.people == {"new0", "new1"}
    assert stage.target.swapped_out_list_id is None


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
    stage.set_up(old, new)
    if not is_refused:
        stage.finish(percent=percent)
        assert len(stage.people) == new
        return
    with raises(Code.REMOVAL_ABOVE_LIMIT) as raised:
        stage.finish(percent=percent)
    text = str(raised.value)
    assert text.startswith('PIN-GUARD-001: The audience "VIP" was not replaced and keeps its members')
    assert f": {old - new} of {old} identifiers (" in text
    assert f"Largest removal (max_removal_percent) permits {percent} %" in text
    assert len(stage.people) == old


@pytest.mark.parametrize("which", [0, 1])
def test_sizes_that_pinterest_does_not_tell_are_not_taken_for_permission(stage: Stage, which: int) -> None:
    stage.set_up(3, 2)
    list_id = list(stage.pinterest.lists)[which]
    stage.pinterest.lists[list_id]["num_uploaded_user_records"] = None
    stage.ask_again()
    with raises(Code.REMOVAL_NOT_COUNTABLE, match=r"does not tell .*max_removal_percent\) to 100"):
        stage.finish()
    stage.finish(percent=100)
    assert stage.people == {"new0", "new1"}


def test_requests_that_pinterest_counted_twice_do_not_fool_the_guard(stage: Stage) -> None:
    stage.set_up(100, 60, ALONE)
    with raises(Code.REMOVAL_ABOVE_LIMIT, match=r"70 of 100 identifiers \(70 %, .*\) would leave"):
        stage.finish(sent=30)
    stage.finish(sent=60)
    assert len(stage.people) == 60


def test_people_who_were_taken_out_do_not_count(stage: Stage) -> None:
    stage.set_up(100, 40)
    stage.pinterest.lists[next(iter(stage.pinterest.lists))]["num_removed_user_records"] = 60
    stage.ask_again()
    stage.finish(percent=0)
    assert len(stage.people) == 40


@pytest.mark.parametrize("way", ["refuse", "ignore"])
def test_a_refused_rule_change_fails_and_says_what_can_be_done(stage: Stage, way: Literal["refuse", "ignore"]) -> None:
    stage.pinterest.rule_changes = way
    stage.set_up(3, 2)
    with raises(Code.SWAP_REFUSED) as raised:
        stage.finish()
    assert "refused_rule_change) to new_audience" in str(raised.value)
    assert ("cannot be changed" in str(raised.value)) is (way == "refuse")
    assert stage.people == {"old0", "old1", "old2"}


def test_a_rule_change_that_a_probe_saw_refused_fails_before_anything_is_sent(stage: Stage) -> None:
    stage.set_up(3, None)
    before = len(stage.pinterest.lists)
    with raises(Code.SWAP_REFUSED, match="nothing was sent: by the probe of 2026-11-27"):
        stage.prepare_after_a_probe()
    assert len(stage.pinterest.lists) == before


def test_what_a_probe_saw_is_in_nobodys_way_who_wants_a_second_audience_or_has_none_yet(stage: Stage) -> None:
    stage.set_up(3, None)
    stage.prepare_after_a_probe(if_refused="new_audience")
    stage.target = replace(stage.target, audience_id=None)
    stage.prepare_after_a_probe()


@pytest.mark.parametrize("way", ["refuse", "ignore"])
def test_a_refused_rule_change_makes_a_second_audience_if_the_settings_say_so(
    stage: Stage, way: Literal["refuse", "ignore"]
) -> None:
    stage.pinterest.rule_changes = way
    stage.set_up(3, 2)
    before = stage.target.audience_id
    stage.finish(if_refused="new_audience")
    assert stage.target.audience_id != before
    audiences = stage.pinterest.audiences
    made_of = {audience_id: audience["rule"]["customer_list_id"] for audience_id, audience in audiences.items()}
    live, new = stage.pinterest.lists
    assert made_of == {before: live, stage.target.audience_id: new}
    (note,) = stage.notes
    assert f"has the table's members now: {stage.target.audience_id}" in note
    assert f"{before} is not changed any more" in note


def test_a_second_audience_that_is_too_early_leaves_the_first_in_use(stage: Stage) -> None:
    stage.pinterest.rule_changes = "refuse"
    stage.set_up(3, 2)
    before = stage.target.audience_id
    stage.pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    with raises(Code.SECOND_AUDIENCE_NOT_READY, match="nor creates a second audience of that list yet"):
        stage.finish(if_refused="new_audience")
    assert stage.target.audience_id == before
    assert stage.target.swapped_out_list_id is None
    assert stage.people == {"old0", "old1", "old2"}


@pytest.mark.parametrize(
    ("shadow", "is_raised"), [(ALONE, False), (SHARED, False), (replace(ALONE, continued_by_job=12), True)]
)
def test_a_first_audience_that_is_too_early_fails_the_sync_only_where_a_later_attempt_would_bring_a_part(
    stage: Stage, shadow: ShadowList, *, is_raised: bool
) -> None:
    stage.set_up(None, 2, shadow)
    stage.pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    with raises(Code.AUDIENCE_NOT_READY, match="Let the job end") if is_raised else nullcontext():
        stage.finish()
    assert stage.pinterest.audiences == {}
    assert "too small" in stage.notes[-1]


def test_a_first_audience_that_is_too_early_is_begun_with_an_older_list_and_replaced_at_once(stage: Stage) -> None:
    older = stage.pinterest.add_list(LEFT_OVER, "old0", "old1")
    stage.set_up(None, 2)
    stage.pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    stage.finish()
    assert stage.people == {"new0", "new1"}
    assert stage.target.audience_id in stage.pinterest.audiences
    assert stage.target.swapped_out_list_id == older
    (note,) = stage.notes
    assert f"a customer list of it ({older}, 2 records). The audience {stage.target.audience_id} was made of it" in note


def test_an_audience_that_was_begun_with_an_older_list_is_known_if_its_replacement_fails(stage: Stage) -> None:
    older = stage.pinterest.add_list(LEFT_OVER, "old0", "old1")
    stage.set_up(None, 2)
    stage.pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    stage.pinterest.refuse("PATCH", "audiences/", 403, "You are not permitted", code=29)
    with raises(Code.ROLE_MISSING):
        stage.finish()
    assert [stage.target.audience_id] == list(stage.pinterest.audiences)
    assert stage.target.live is not None
    assert (stage.target.live.id, stage.target.swapped_out_list_id) == (older, None)
    assert stage.target.awaits_swap


def test_no_audience_is_begun_with_people_whom_an_earlier_attempt_began_to_clear(stage: Stage) -> None:
    stage.pinterest.add_list(LEFT_OVER, "old0", "old1", "old2")
    stage.set_up(None, 1)
    stage.pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    stage.finish(has_rows=False, allow_empty=True)
    assert stage.pinterest.audiences == {}


@pytest.mark.parametrize("if_refused", ["fail", "new_audience"])
def test_a_list_that_is_too_young_is_no_refusal_for_good(stage: Stage, if_refused: IfRefused) -> None:
    stage.set_up(3, 2)
    stage.pinterest.refuse("PATCH", "audiences/", 400, "customer list is PROCESSING; it needs at least 100 members")
    with raises(Code.SWAP_NOT_READY, match="yet, since matching takes 24 to 48 hours"):
        stage.finish(if_refused=if_refused)
    assert stage.people == {"old0", "old1", "old2"}


def test_other_errors_of_the_switch_are_raised_as_they_are(stage: Stage) -> None:
    stage.set_up(3, 2)
    stage.pinterest.refuse("PATCH", "audiences/", 403, "You are not permitted", code=29)
    with raises(Code.ROLE_MISSING):
        stage.finish(if_refused="new_audience")
    assert stage.people == {"old0", "old1", "old2"}


def test_a_switch_whose_answer_is_lost_is_made_again(stage: Stage) -> None:
    stage.set_up(3, 2)
    stage.pinterest.lose("PATCH", "audiences/", acted=True)
    stage.finish()
    assert stage.people == {"new0", "new1"}


# --- a customer list that has no audience yet -------------------------------------------------------------------------


@pytest.fixture
def waiting(stage: Stage) -> str:
    """A list of twenty people, of which Pinterest has made no audience so far."""
    return stage.pinterest.add_list("VIP", *(f"old{number}" for number in range(20)))


def test_an_empty_table_does_not_empty_a_list_that_has_no_audience_yet(stage: Stage, waiting: str) -> None:
    stage.set_up(None, None)
    stage.finish(has_rows=False)
    assert list(stage.pinterest.lists) == [waiting]
    (note,) = stage.notes
    assert f"the customer list {waiting}, which has no audience yet, keeps its members" in note
    assert "Allow an empty audience" in note


def test_an_empty_table_puts_an_empty_list_before_one_that_has_no_audience_yet_where_that_is_allowed(
    stage: Stage, waiting: str
) -> None:
    stage.set_up(None, None)
    stage.finish(has_rows=False, allow_empty=True)
    empty = stage.target.list_id
    assert list(stage.pinterest.lists) == [waiting, empty]
    assert len(stage.pinterest.members[str(empty)]) == 1
    assert stage.pinterest.audiences == {}
    assert stage.target.left_over_list_ids == (waiting,)
    (note,) = stage.notes
    assert f"will not be made from the list {waiting}, but from an empty one ({empty}), by a later sync" in note


@pytest.mark.parametrize("has_audience", [True, False])
def test_a_table_none_of_whose_rows_could_be_used_changes_nobody(stage: Stage, *, has_audience: bool) -> None:
    kept = stage.pinterest.add_list("VIP", "old0")
    if has_audience:
        stage.pinterest.add_audience("VIP", kept)
    stage.set_up(None, None)
    stage.finish(allow_empty=True)
    assert list(stage.pinterest.lists) == [kept]
    keeper = "the audience" if has_audience else f"the customer list {kept}, which has no audience yet,"
    assert stage.notes == [f"None of the table's rows could be used, so {keeper} keeps its members."]


def test_too_many_who_would_leave_a_list_without_an_audience_stop_the_sync(stage: Stage, waiting: str) -> None:
    stage.set_up(None, 3)
    refused = rf'"VIP" was not created, since an earlier customer list \({waiting}\) has more: 17 of 20 identifiers'
    with raises(Code.REMOVAL_ABOVE_LIMIT, match=refused):
        stage.finish()
    assert stage.pinterest.audiences == {}
    stage.finish(percent=85)
    assert stage.people == {"new0", "new1", "new2"}
    assert stage.target.left_over_list_ids == (waiting,)
