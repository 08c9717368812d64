from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.named_audiences import NamedAudiences, spelling_note
from destination_pinterest.delivery.refused import RefusedStrategy
from destination_pinterest.error_codes import Code
from unit_tests.support.raises import raises


@pytest.fixture
def audiences(make_lane: Callable[..., AudienceLane]) -> NamedAudiences:
    def make(name: str) -> Any:
        return RefusedStrategy(make_lane(name))

    return NamedAudiences("{segment}", make, most=3)


def test_names_that_differ_in_case_or_blanks_are_one_audience(audiences: NamedAudiences) -> None:
    (first,) = audiences.named(["VIP"], "users")
    (second,) = audiences.named([" vip"], "guests")
    assert first is second
    assert first.streams == {"users", "guests"}
    assert '" vip" are in this audience too' in spelling_note(first)


def test_an_audience_that_all_rows_spell_alike_needs_no_note(audiences: NamedAudiences) -> None:
    (branch, _) = audiences.named(["VIP", "Gold"], "users")
    assert spelling_note(branch) == ""


def test_more_than_are_permitted_are_an_error_that_says_what_to_do(audiences: NamedAudiences) -> None:
    audiences.named(["a", "b", "c", "A"], "users")
    with raises(Code.TOO_MANY_AUDIENCES, match=r"more than 3 audiences by \{segment\}.*\(max_audiences\)"):
        audiences.named(["d"], "users")


def test_audiences_of_earlier_syncs_count_unless_they_lost_their_last_member(audiences: NamedAudiences) -> None:
    audiences.remember("a", ["users"], is_empty=False)
    audiences.remember("b", ["users"], is_empty=False)
    audiences.remember("c", ["users"], is_empty=True)
    audiences.named(["A", "d"], "users")
    with raises(Code.TOO_MANY_AUDIENCES):
        audiences.named(["c"], "users")


def test_audiences_keep_their_numbers(audiences: NamedAudiences) -> None:
    audiences.remember("a", ["users"], is_empty=False)
    (known, new) = audiences.named(["a", "b"], "users")
    assert (known.number, new.number, audiences[1] is new) == (0, 1, True)
