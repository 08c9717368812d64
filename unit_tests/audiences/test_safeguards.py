from __future__ import annotations

from contextlib import nullcontext

import pytest

from destination_pinterest.audiences.safeguards import Safeguards, check_rows
from destination_pinterest.error_codes import Code
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.routing.row_quality import RowQuality
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.raises import raises


def permitting(percent: int) -> Safeguards:
    return Safeguards(percent, allow_empty=False)


@pytest.mark.parametrize(
    ("leaving", "known", "percent", "is_refused"),
    [
        (50, 100, 50, False), (51, 100, 50, True), (0, 100, 0, False), (1, 100, 0, True), (99, 100, 99, False),
        (99, 100, 98, True), (100, 100, 100, False), (0, 0, 0, False), (-400, 100, 0, False), (2, 3, 66, True),
        (2, 3, 67, False), (1, 0, 99, True),
    ],
)  # fmt: skip
def test_no_more_than_the_permitted_share_leaves(leaving: int, known: int, percent: int, is_refused: bool) -> None:
    with raises(Code.REMOVAL_ABOVE_LIMIT) if is_refused else nullcontext():
        permitting(percent).check_removal("Nothing was changed", leaving=leaving, known=known)


def test_a_refused_removal_tells_the_figures_and_the_setting() -> None:
    with raises(Code.REMOVAL_ABOVE_LIMIT) as raised:
        permitting(50).check_removal('The audience "VIP" stays as it is', leaving=1_500, known=2_000)
    assert str(raised.value) == (
        'PIN-GUARD-001: The audience "VIP" stays as it is: 1,500 of 2,000 identifiers (75 %) would leave, and Largest '
        "removal (max_removal_percent) permits 50 %. If the table is right, raise that setting for one sync; if not, "
        "correct the table."
    )


def test_removals_are_limited_unless_all_may_leave() -> None:
    assert [permitting(percent).limits_removals for percent in (0, 50, 99, 100)] == [True, True, True, False]


def test_the_note_on_an_empty_table_says_what_stays_and_how_it_would_be_emptied() -> None:
    note = permitting(50).empty_table_note("the audience keeps its members")
    assert note.startswith("The table has no usable rows, so the audience keeps its members. ")
    assert "Allow an empty audience (allow_empty_audience)" in note


def test_rows_that_are_not_proven_to_be_the_whole_table_remove_nobody() -> None:
    with raises(Code.TABLE_INCOMPLETE, match=r'"VIP" keeps its members: .* without proof .* ends in Append\.'):
        permitting(100).require_complete("VIP", is_complete=False)


def test_streams_of_which_enough_can_be_used_are_passed() -> None:
    check_rows("VIP", {StreamKey(None, "users"): RowQuality(50, is_whole=True)})


def test_unusable_rows_are_told_with_the_stream_the_figures_and_what_the_values_look_like() -> None:
    quality = RowQuality(50, is_whole=True)
    quality.entered = 3
    for value in ("+1 555 010 0199", "+1 555 010 0198"):
        quality.refuse(Rejection("email", Identifier.EMAIL, RejectionReason.INVALID_EMAIL), 0)
        quality.sample("email", value)
    with raises(Code.TOO_MANY_ROWS_REJECTED) as raised:
        check_rows("VIP", {StreamKey("crm", "users"): quality})
    assert str(raised.value) == (
        'PIN-GUARD-005: 2 of the 3 rows of the stream "crm.users" that have values could not be used for the audience '
        '"VIP", more than the 50 % of Largest share of rejected rows (max_rejected_percent): column email: 2 of 2 '
        "values look like phone numbers. Correct the table or the settings, or raise that setting."
    )
    quality.blank += 1
    with raises(Code.NO_ROW_USABLE) as raised:
        check_rows("VIP", {StreamKey("crm", "users"): quality})
    assert str(raised.value) == (
        'PIN-GUARD-004: None of the 2 rows of the stream "crm.users" that have values could be used for the audience '
        '"VIP": column email: 2 of 2 values look like phone numbers. Correct the columns or their formats under '
        "Identity columns (identity_columns), and run the sync again: its rows are read again."
    )


def test_a_whole_table_needs_no_more_proof() -> None:
    permitting(0).require_complete("VIP", is_complete=True)


@pytest.mark.parametrize(("joining", "known", "is_noted"), [(100, 100, False), (101, 100, True), (5, 0, False)])
def test_an_exclusion_audience_that_grows_by_more_than_it_should_is_noted(
    joining: int, known: int, is_noted: bool
) -> None:
    notes = Safeguards(50, allow_empty=False, max_addition_percent=100).addition_notes(joining=joining, known=known)
    assert [f"grows by {joining} identifiers from {known}" in note for note in notes] == [True] * is_noted
    assert permitting(50).addition_notes(joining=joining, known=known) == []
