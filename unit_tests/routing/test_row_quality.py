from __future__ import annotations

import pytest

from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.routing.row_quality import FEWEST_ROWS, RowQuality
from destination_pinterest.vocabulary import Identifier

REFUSED = Rejection("email", Identifier.EMAIL, RejectionReason.INVALID_EMAIL)
BLANK = Rejection(None, None, RejectionReason.NO_IDENTITY)
UNKNOWN = Rejection("op", None, RejectionReason.UNKNOWN_OPERATION)


def quality(percent: int = 50, *, good: int = 0, bad: int = 0, blank: int = 0, is_whole: bool = False) -> RowQuality:
    counts = RowQuality(percent, is_whole=is_whole)
    counts.entered = good + bad + blank
    for _ in range(blank):
        counts.refuse(BLANK, 0)
    for _ in range(bad):
        counts.refuse(REFUSED, 7)
    return counts


@pytest.mark.parametrize(
    ("percent", "good", "bad", "blank", "in_increment", "in_whole"),
    [
        (50, 0, 0, 0, False, False),
        (50, 0, 0, 500, False, False),
        (50, 0, 1, 0, False, True),
        (50, 0, FEWEST_ROWS - 1, 500, False, True),
        (50, 0, FEWEST_ROWS, 500, True, True),
        (50, 50, 50, 0, False, False),
        (50, 50, 51, 0, True, True),
        (50, 4, 5, 0, False, True),
        (0, 99, 1, 0, True, True),
        (100, 1, 99, 0, False, False),
        # Of a whole table no row can be used: nothing permits that.
        (100, 0, 100, 0, False, True),
    ],
)
def test_too_few_usable_rows_of_those_that_have_values_are_refused(
    percent: int, good: int, bad: int, blank: int, *, in_increment: bool, in_whole: bool
) -> None:
    for is_whole, expected in ((False, in_increment), (True, in_whole)):
        assert quality(percent, good=good, bad=bad, blank=blank, is_whole=is_whole).is_refused is expected


def test_states_wait_from_the_first_refused_row_on_until_enough_others_came_or_the_rule_was_applied() -> None:
    counts = RowQuality(50, is_whole=False)
    assert counts.held_from is None
    counts.entered = 1
    counts.refuse(REFUSED, 3)
    counts.entered = 2
    counts.refuse(REFUSED, 5)
    assert counts.held_from == 3
    counts.entered = 4
    assert counts.held_from is None
    counts.entered = 5
    counts.refuse(REFUSED, 9)
    assert counts.held_from == 9
    counts.settle()
    assert counts.held_from is None


def test_rows_that_nothing_forbids_hold_no_state() -> None:
    assert quality(100, bad=5).held_from is None
    assert quality(100, bad=5, is_whole=True).held_from == 7
    assert quality(50, blank=5).held_from is None


def test_the_worst_columns_come_first_each_with_the_form_of_its_values_or_the_reason() -> None:
    counts = quality(bad=2)
    for _ in range(3):
        counts.refuse(UNKNOWN, 0)
    for value in ("5d41402abc4b2a76b9719d911017c592", "", None, "5d41402abc4b2a76b9719d911017c593", "Ada"):
        counts.sample("email", value)
    assert list(counts.findings()) == [
        "column op: unknown_operation in 3 rows",
        "column email: 2 of 3 values look like MD5 digests",
    ]


def test_of_a_column_without_a_sample_the_reason_is_told() -> None:
    assert list(quality(bad=2000).findings()) == ["column email: invalid_email in 2,000 rows"]


def test_a_hundred_samples_of_a_column_are_enough() -> None:
    counts = quality(bad=1)
    for number in range(100):
        assert counts.wants_samples
        counts.sample("email", number)
    assert not counts.wants_samples


@pytest.mark.parametrize(
    ("reason", "place"),
    [
        (RejectionReason.INVALID_EMAIL, "identity_columns"),
        (RejectionReason.AUDIENCE_NAME_IDENTIFIES, "audience_column"),
        (RejectionReason.UNKNOWN_AD_ACCOUNT, "ad_account_column"),
        (RejectionReason.UNKNOWN_OPERATION, "operation_column"),
    ],
)
def test_what_is_to_be_corrected_is_told_by_the_most_frequent_reason(reason: RejectionReason, place: str) -> None:
    counts = quality(bad=2)
    for _ in range(3):
        counts.refuse(Rejection("c", None, reason), 0)
    assert f"({place}" in counts.to_correct
